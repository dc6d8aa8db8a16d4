"""The blocks are read twice, once for the maximum and once for the sum, so the second pass finds
nothing.

把各块读了两遍，先求最大值再求和，第二遍已经读不到东西。
"""

import torch


def online_softmax(blocks):
    maximum = torch.stack([block.amax(dim=-1) for block in blocks]).amax(dim=0)
    total = torch.zeros_like(maximum)
    for block in blocks:  # (..., n_i)
        top = block.amax(dim=-1)
        if maximum is None:
            maximum, total = torch.full_like(top, float("-inf")), torch.zeros_like(top)
        new = torch.maximum(maximum, top)
        # While everything is -inf, subtract 0: -inf - (-inf) would be NaN.
        safe = new.masked_fill(new == float("-inf"), 0.0)
        total = total * torch.exp(maximum - safe) + torch.exp(block - safe[..., None]).sum(dim=-1)
        maximum = new
    return maximum, total
