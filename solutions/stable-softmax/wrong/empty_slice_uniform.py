"""A slice of nothing but minus infinity gives equal weights, as it does where -inf is replaced
by a finite number, instead of zeros.

全是负无穷的切片变成均匀分布（例如把 -inf 换成了有限的数），而不是零。
"""

import torch


def softmax(x: torch.Tensor, dim: int) -> torch.Tensor:
    x = x.clamp(min=-1e9)
    top = x.amax(dim=dim, keepdim=True)
    top = top.masked_fill(top == float("-inf"), 0.0)  # an empty slice: -inf - (-inf) is NaN
    e = torch.exp(x - top.detach())
    total = e.sum(dim=dim, keepdim=True)
    return e / total.masked_fill(total == 0, 1.0)
