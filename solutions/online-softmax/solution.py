"""Maximum and sum of exponentials in one pass over blocks."""

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
        total = total * torch.exp(maximum - safe) + torch.exp(block - safe[..., None]).sum(dim=-1)
        maximum = new
    return maximum, total
