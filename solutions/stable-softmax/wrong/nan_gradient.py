"""NaN is repaired with nan_to_num at the end: the value is zero, the gradient of an empty slice
still NaN.

最后用 nan_to_num 修补：数值为零，但空切片的梯度仍是 NaN。
"""

import torch


def softmax(x: torch.Tensor, dim: int) -> torch.Tensor:
    top = x.amax(dim=dim, keepdim=True)
    e = torch.exp(x - top)
    total = e.sum(dim=dim, keepdim=True)
    return torch.nan_to_num(e / total)
