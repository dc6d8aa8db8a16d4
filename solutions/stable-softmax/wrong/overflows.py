"""exp is taken without subtracting the maximum, so large entries overflow to NaN.

没有先减最大值就取指数，元素一大就溢出成 NaN。
"""

import torch


def softmax(x: torch.Tensor, dim: int) -> torch.Tensor:
    top = x.amax(dim=dim, keepdim=True)
    top = top.masked_fill(top == float("-inf"), 0.0)  # an empty slice: -inf - (-inf) is NaN
    e = torch.exp(x)
    total = e.sum(dim=dim, keepdim=True)
    return e / total.masked_fill(total == 0, 1.0)
