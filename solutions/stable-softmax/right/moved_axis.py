"""The axis moved to the end, and a floor for the maximum instead of a special case."""

import torch


def softmax(x, dim=-1):
    y = x.movedim(dim, -1)
    top = y.max(-1).values.clamp(min=torch.finfo(x.dtype).min).unsqueeze(-1)
    e = (y - top).exp()
    total = e.sum(-1).unsqueeze(-1)
    return (e / (total + (total == 0))).movedim(-1, dim)
