"""The maximum is subtracted in place, so the caller's tensor is changed.

在原地减去最大值，改动了调用者的张量。
"""

import torch


def softmax(x: torch.Tensor, dim: int) -> torch.Tensor:
    top = x.amax(dim=dim, keepdim=True)
    top = top.masked_fill(top == float("-inf"), 0.0)  # an empty slice: -inf - (-inf) is NaN
    x -= top.detach()
    e = torch.exp(x)
    total = e.sum(dim=dim, keepdim=True)
    return e / total.masked_fill(total == 0, 1.0)
