"""A first block of minus infinity gives NaN, since the first difference is -inf - (-inf).

第一块全是负无穷时得到 NaN，因为第一个差就是 -inf - (-inf)。
"""

import torch


def online_softmax(blocks):
    maximum = total = None
    for block in blocks:  # (..., n_i)
        top = block.amax(dim=-1)
        if maximum is None:
            maximum, total = torch.full_like(top, float("-inf")), torch.zeros_like(top)
        new = torch.maximum(maximum, top)
        safe = new
        total = total * torch.exp(maximum - safe) + torch.exp(block - safe[..., None]).sum(dim=-1)
        maximum = new
    return maximum, total
