"""The largest absolute value is subtracted instead of the maximum, so very negative slices
underflow.

减去的是绝对值的最大值而不是最大值，很负的切片会下溢。
"""

import torch


def softmax(x: torch.Tensor, dim: int) -> torch.Tensor:
    top = x.masked_fill(x == float("-inf"), 0.0).abs().amax(dim=dim, keepdim=True)
    top = top.masked_fill(top == float("-inf"), 0.0)  # an empty slice: -inf - (-inf) is NaN
    e = torch.exp(x - top.detach())
    total = e.sum(dim=dim, keepdim=True)
    return e / total.masked_fill(total == 0, 1.0)
