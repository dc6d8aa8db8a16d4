"""The sum is detached, so the gradient misses the term of the normaliser.

和被 detach，梯度缺少归一化那一项。
"""

import torch


def softmax(x: torch.Tensor, dim: int) -> torch.Tensor:
    top = x.amax(dim=dim, keepdim=True)
    top = top.masked_fill(top == float("-inf"), 0.0)  # an empty slice: -inf - (-inf) is NaN
    e = torch.exp(x - top.detach())
    total = e.sum(dim=dim, keepdim=True).detach()
    return e / total.masked_fill(total == 0, 1.0)
