"""Stabilised: the largest exponent of a query, and of all keys of a head, is taken out."""

import torch


def exponents(x, projection):
    x = x / x.size(-1) ** 0.25
    return torch.matmul(x, projection.t()) - x.square().sum(-1, keepdim=True).div(2)


def performer_attention(query, key, value, projection):
    q, k = exponents(query, projection), exponents(key, projection)
    q = (q - q.amax(dim=-1, keepdim=True).detach()).exp()
    k = (k - k.amax(dim=(-2, -1), keepdim=True).detach()).exp()
    # The normaliser is one more column of values, all ones.
    v = torch.cat([value, torch.ones_like(value[..., :1])], dim=-1)
    mixed = q @ (k.mT @ v)
    return mixed[..., :-1] / mixed[..., -1:]
