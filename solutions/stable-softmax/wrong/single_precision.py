"""The computation is done in float32 and cast back, so float64 answers are wrong in the eighth
digit.

以 float32 计算再转回去，float64 的结果在第八位就不对了。
"""

import torch


def softmax(x: torch.Tensor, dim: int) -> torch.Tensor:
    dtype = x.dtype
    x = x.float()
    top = x.amax(dim=dim, keepdim=True)
    top = top.masked_fill(top == float("-inf"), 0.0)  # an empty slice: -inf - (-inf) is NaN
    e = torch.exp(x - top.detach())
    total = e.sum(dim=dim, keepdim=True)
    return (e / total.masked_fill(total == 0, 1.0)).to(dtype)
