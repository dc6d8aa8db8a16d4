"""Minus infinity is replaced by a very negative number, so an empty row counts its entries instead
of giving 0.

把负无穷换成很负的数，空行得到的是元素个数而不是 0。
"""

import torch


def online_softmax(blocks):
    maximum = total = None
    for block in blocks:  # (..., n_i)
        block = block.clamp(min=-1e30)
        top = block.amax(dim=-1)
        if maximum is None:
            maximum, total = torch.full_like(top, -1e30), torch.zeros_like(top)
        new = torch.maximum(maximum, top)
        # While everything is -inf, subtract 0: -inf - (-inf) would be NaN.
        safe = new.masked_fill(new == float("-inf"), 0.0)
        total = total * torch.exp(maximum - safe) + torch.exp(block - safe[..., None]).sum(dim=-1)
        maximum = new
    return maximum, total
