"""Linear attention, causal, by chunks. Katharopoulos et al., 2020 (section 3).

The same output as linear.py with `causal`, without its weights: a state S = sum_j phi(k_j) v_j^T
and z = sum_j phi(k_j) holds all the past. Each chunk reads the state of those before it, attends
within itself, and is added to the state. chunk = 1 is the recurrent form, a step of decoding at a
time; a chunk as long as the text is the parallel form; in between lies what trains fast.
The weights are never made, so none are returned.
Time O(L d (dv + chunk)), memory O(chunk^2 + d dv) beside the output.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from attention.linear import divide, features
from attention.stages import stage

VARIANT = {
    "title": {
        "en": "Linear attention, chunked and recurrent",
        "zh": "线性注意力（分块与递归形式）",
    },
    "family": "linear",
    "year": 2020,
    "paper": "Katharopoulos et al., Transformers are RNNs: Fast Autoregressive Transformers with "
    "Linear Attention",
    "url": "https://arxiv.org/abs/2006.16236",
    "parameters": {"chunk": {"default": 4, "min": 1, "max": 256, "step": 1}},
}


def linear_chunked(
    query: Float[Tensor, "*batch length dim"],
    key: Float[Tensor, "*batch length dim"],
    value: Float[Tensor, "*batch length value_dim"],
    chunk: int = 4,
) -> tuple[Float[Tensor, "*batch length value_dim"], None]:
    """Output, and None for the weights."""
    if chunk < 1:
        raise ValueError(f"chunk must be at least 1, got {chunk}")
    state = query.new_zeros(*query.shape[:-2], query.shape[-1], value.shape[-1])
    total = query.new_zeros(*query.shape[:-2], query.shape[-1], 1)
    outputs = []
    for q, k, v in zip(*(torch.split(x, chunk, dim=-2) for x in (query, key, value)), strict=True):
        q, k = features(q), features(k)
        scores = (q @ k.transpose(-2, -1)).tril()
        normaliser = q @ total + scores.sum(dim=-1, keepdim=True)
        outputs.append(divide(q @ state + scores @ v, normaliser))
        state = state + k.transpose(-2, -1) @ v
        total = total + k.sum(dim=-2)[..., None]
    stage("state", state)
    return stage("output", torch.cat(outputs, dim=-2)), None
