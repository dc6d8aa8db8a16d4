"""The maximum of the whole tensor is subtracted, so slices that are much smaller underflow to 0 /
0.

减去的是整个张量的最大值，小得多的切片下溢成 0 / 0。
"""

import torch


def softmax(x: torch.Tensor, dim: int) -> torch.Tensor:
    top = x.max()
    top = top.masked_fill(top == float("-inf"), 0.0)  # an empty slice: -inf - (-inf) is NaN
    e = torch.exp(x - top.detach())
    total = e.sum(dim=dim, keepdim=True)
    return e / total.masked_fill(total == 0, 1.0)
