"""A slice of nothing but minus infinity is NaN, because -inf - (-inf) is.

全是负无穷的切片得到 NaN，因为 -inf - (-inf) 就是 NaN。
"""

import torch


def softmax(x: torch.Tensor, dim: int) -> torch.Tensor:
    top = x.amax(dim=dim, keepdim=True)
    e = torch.exp(x - top.detach())
    total = e.sum(dim=dim, keepdim=True)
    return e / total.masked_fill(total == 0, 1.0)
