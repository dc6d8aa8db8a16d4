"""One query at a time, with torch.sub and its alpha where lam is a number."""

import math

import torch


def differential_attention(query1, key1, query2, key2, value, lam):
    scale = 1 / math.sqrt(query1.shape[-1])
    rows = []
    for i in range(query1.shape[2]):
        first = (query1[:, :, i, None] * key1).sum(-1).mul(scale).softmax(-1)
        second = (query2[:, :, i, None] * key2).sum(-1).mul(scale).softmax(-1)
        if isinstance(lam, torch.Tensor):
            weights = torch.sub(first, lam * second)
        else:
            weights = torch.sub(first, second, alpha=lam)
        rows.append((weights[..., None] * value).sum(-2))
    return torch.stack(rows, 2)
