"""Merging partial attention. Dao et al., Flash-Decoding, 2023; the arithmetic of online softmax.

Attention over disjoint sets of keys can be computed apart and joined from each part's output o_s
and logsumexp L_s:  L = log sum_s exp(L_s),  o = sum_s exp(L_s - L) o_s.
Flash-decoding splits one query's long cache over the cores of a GPU so, ring attention splits the
keys over devices, cascade inference shares the part of a common prefix. The join is exact, and it
is associative, so parts can be merged in any order.
Time O(Lq Lk d) in all, O(parts Lq d) for the join; memory O(parts Lq d). The parts are computed in
tiles, so there are no weights to return.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from attention.flash import flash_forward
from attention.stages import stage

VARIANT = {
    "title": {
        "en": "Merge of partial results (flash-decoding)",
        "zh": "部分结果合并（Flash-Decoding）",
    },
    "family": "tiled",
    "year": 2023,
    "paper": "Dao et al., Flash-Decoding for long-context inference",
    "url": "https://crfm.stanford.edu/2023/10/12/flashdecoding.html",
    "parameters": {
        "parts": {"default": 3, "min": 1, "max": 16, "step": 1},
        "block_size": {"default": 16, "min": 1, "max": 512, "step": 1},
    },
}


def merge_partial(
    query: Float[Tensor, "*batch queries dim"],
    key: Float[Tensor, "*batch keys dim"],
    value: Float[Tensor, "*batch keys value_dim"],
    parts: int = 3,
    block_size: int = 16,
) -> tuple[Float[Tensor, "*batch queries value_dim"], None]:
    """Output, and None for the weights; the keys are cut into `parts` nearly equal parts."""
    if parts < 1:
        raise ValueError(f"parts must be at least 1, got {parts}")
    pieces = zip(key.tensor_split(parts, dim=-2), value.tensor_split(parts, dim=-2), strict=True)
    partial = [flash_forward(query, k, v, block_size) for k, v in pieces]
    outputs, logsumexps = (torch.stack(list(part)) for part in zip(*partial, strict=True))
    output, _ = merge(stage("partial outputs", outputs), stage("logsumexps", logsumexps))
    return stage("output", output), None


def merge(
    outputs: Float[Tensor, "parts *batch queries value_dim"],
    logsumexps: Float[Tensor, "parts *batch queries"],
) -> tuple[Float[Tensor, "*batch queries value_dim"], Float[Tensor, "*batch queries"]]:
    """The joint output and logsumexp; a part whose logsumexp is -inf holds no keys for a query,
    and its output is ignored. No keys in any part give zeros and -inf."""
    largest = logsumexps.amax(dim=0).detach()
    empty = largest == -torch.inf
    share = (logsumexps - largest.masked_fill(empty, 0.0)).exp()  # of each part, unnormalised
    total = share.sum(dim=0).masked_fill(empty, 1.0)
    known = outputs.masked_fill((logsumexps == -torch.inf)[..., None], 0.0)
    output = ((share / total)[..., None] * known).sum(dim=0)
    return output, largest + total.log()
