"""The running maximum starts at 0 instead of minus infinity, so data below zero gets the maximum
0.

当前最大值从 0 而不是负无穷开始，数据都为负时最大值成了 0。
"""

import torch


def online_softmax(blocks):
    maximum = total = None
    for block in blocks:  # (..., n_i)
        top = block.amax(dim=-1)
        if maximum is None:
            maximum, total = torch.zeros_like(top), torch.zeros_like(top)
        new = torch.maximum(maximum, top)
        # While everything is -inf, subtract 0: -inf - (-inf) would be NaN.
        safe = new.masked_fill(new == float("-inf"), 0.0)
        total = total * torch.exp(maximum - safe) + torch.exp(block - safe[..., None]).sum(dim=-1)
        maximum = new
    return maximum, total
