"""The sum runs over the whole tensor, so the slices do not sum to one.

对整个张量求和，每个切片之和不为 1。
"""

import torch


def softmax(x: torch.Tensor, dim: int) -> torch.Tensor:
    top = x.amax(dim=dim, keepdim=True)
    top = top.masked_fill(top == float("-inf"), 0.0)  # an empty slice: -inf - (-inf) is NaN
    e = torch.exp(x - top.detach())
    total = e.sum()
    return e / total.masked_fill(total == 0, 1.0)
