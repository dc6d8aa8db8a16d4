"""exp(x - logsumexp(x)), with a harmless normaliser for slices of nothing but -inf."""

import torch


def softmax(x, dim):
    empty = torch.isneginf(x).all(dim=dim, keepdim=True)
    safe = x.masked_fill(empty, 0.0)
    y = torch.exp(safe - torch.logsumexp(safe, dim=dim, keepdim=True))
    return y.masked_fill(empty, 0.0)
