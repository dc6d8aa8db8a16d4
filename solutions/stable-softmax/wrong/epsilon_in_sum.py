"""An epsilon of 1e-5 is added to the sum, so the slices sum to a little less than one.

给和加上了 1e-5，切片之和略小于 1。
"""

import torch


def softmax(x: torch.Tensor, dim: int) -> torch.Tensor:
    top = x.amax(dim=dim, keepdim=True)
    top = top.masked_fill(top == float("-inf"), 0.0)  # an empty slice: -inf - (-inf) is NaN
    e = torch.exp(x - top.detach())
    total = e.sum(dim=dim, keepdim=True)
    return e / (total + 1e-5)
