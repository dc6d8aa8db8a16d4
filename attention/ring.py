"""Ring attention. Liu, Zaharia and Abbeel, Ring Attention with Blockwise Transformers, 2023.

Section 3: the sequence is cut over `devices` standing in a ring. Each keeps its queries; the blocks
of keys and values travel round, and each device merges what the visiting block gives into its
result. After one round every query has met every key. Sending the next block overlaps with
computing on this one, so the context can grow with the number of devices. Here the devices take
turns in one process: what is shown is the order of the work and that the result is exact.
Time O(L^2 d / devices) and memory O(L d / devices) on each device. There are no weights to return:
no device ever holds a whole row of them.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from attention.flash import flash_forward
from attention.merge_partial import merge
from attention.stages import stage

VARIANT = {
    "title": {"en": "Ring attention", "zh": "环形注意力（Ring Attention）"},
    "family": "tiled",
    "year": 2023,
    "paper": "Liu et al., Ring Attention with Blockwise Transformers for Near-Infinite Context",
    "url": "https://arxiv.org/abs/2310.01889",
    "parameters": {
        "devices": {"default": 4, "min": 1, "max": 16, "step": 1},
        "causal": {"default": False},
    },
}


def ring(
    query: Float[Tensor, "*batch length dim"],
    key: Float[Tensor, "*batch length dim"],
    value: Float[Tensor, "*batch length value_dim"],
    devices: int = 4,
    causal: bool = False,
) -> tuple[Float[Tensor, "*batch length value_dim"], None]:
    """Output, and None for the weights; the length must be divisible by `devices`."""
    if devices < 1 or query.shape[-2] % devices:
        raise ValueError(f"{query.shape[-2]} positions cannot be cut over {devices} devices")
    size = query.shape[-2] // devices
    q, k, v = (torch.split(x, size, dim=-2) for x in (query, key, value))
    output = [torch.zeros_like(part) for part in v]
    logsumexp = [part.new_full(part.shape[:-1], -torch.inf) for part in q]
    for turn in range(devices):
        for device in range(devices):  # at the same time, in truth
            visitor = (device - turn) % devices  # whose keys are here after `turn` steps
            if causal and visitor > device:
                continue  # all of them are in the future: half of the ring idles
            diagonal = causal and visitor == device
            part, part_lse = flash_forward(q[device], k[visitor], v[visitor], size, diagonal)
            output[device], logsumexp[device] = merge(
                torch.stack([output[device], part]), torch.stack([logsumexp[device], part_lse])
            )
    return stage("output", torch.cat(output, dim=-2)), None
