"""keepdim is forgotten, so maximum and sum broadcast along the wrong axis.

忘了 keepdim，最大值与和沿错误的维度广播。
"""

import torch


def softmax(x: torch.Tensor, dim: int) -> torch.Tensor:
    top = x.amax(dim=dim)
    top = top.masked_fill(top == float("-inf"), 0.0)  # an empty slice: -inf - (-inf) is NaN
    e = torch.exp(x - top.detach())
    total = e.sum(dim=dim)
    return e / total.masked_fill(total == 0, 1.0)
