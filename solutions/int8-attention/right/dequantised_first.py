"""Rounded to the grid and scaled back before an ordinary product ("fake quantisation")."""

import torch


def to_grid(x):
    top = x.abs().max(dim=-1, keepdim=True).values
    step = torch.where(top > 0, top / 127, torch.ones_like(top))
    return torch.round(x / step) * step


def int8_attention(query, key, value):
    q, k = to_grid(query), to_grid(key)
    scores = torch.einsum("bhid,bhjd->bhij", q, k) * q.size(-1) ** -0.5
    return torch.einsum("bhij,bhjd->bhid", scores.softmax(-1), value)
