"""Entries are clamped to ±50 instead of being shifted, so large entries all get the same weight.

把元素截断到 ±50 而不是平移，大的元素全都得到相同的权重。
"""

import torch


def softmax(x: torch.Tensor, dim: int) -> torch.Tensor:
    top = x.amax(dim=dim, keepdim=True)
    top = top.masked_fill(top == float("-inf"), 0.0)  # an empty slice: -inf - (-inf) is NaN
    e = torch.exp(x.clamp(max=50.0))
    total = e.sum(dim=dim, keepdim=True)
    return e / total.masked_fill(total == 0, 1.0)
