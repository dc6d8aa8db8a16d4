"""The old sum is scaled by exp(new - old) instead of exp(old - new), so it grows.

旧的和乘了 exp(新 − 旧) 而不是 exp(旧 − 新)，越乘越大。
"""

import torch


def online_softmax(blocks):
    maximum = total = None
    for block in blocks:  # (..., n_i)
        top = block.amax(dim=-1)
        if maximum is None:
            maximum, total = torch.full_like(top, float("-inf")), torch.zeros_like(top)
        new = torch.maximum(maximum, top)
        # While everything is -inf, subtract 0: -inf - (-inf) would be NaN.
        safe = new.masked_fill(new == float("-inf"), 0.0)
        total = total * torch.exp(
            (safe - maximum).masked_fill(maximum == float("-inf"), 0.0)
        ) + torch.exp(block - safe[..., None]).sum(dim=-1)
        maximum = new
    return maximum, total
