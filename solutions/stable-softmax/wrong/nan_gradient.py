"""The value of an empty slice is zero, but NaN arises on the way to it (and is repaired with
nan_to_num, say), so its gradient is NaN.

空切片的数值为零，但中途出现了 NaN（例如最后才用 nan_to_num 修补），梯度因此是 NaN。
"""

import torch


def softmax(x: torch.Tensor, dim: int) -> torch.Tensor:
    top = x.amax(dim=dim, keepdim=True)
    e = torch.exp(x - top)
    total = e.sum(dim=dim, keepdim=True)
    return torch.nan_to_num(e / total)
