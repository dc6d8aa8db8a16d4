"""Einsum with an ellipsis, torch.where, and a softmax by hand that guards the empty row."""

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    s = torch.einsum("...id,...jd->...ij", query * query.size(-1) ** -0.5, key)
    if mask is not None:
        s = torch.where(mask, s, torch.full_like(s, -torch.inf))
    top = s.amax(-1, keepdim=True).detach()
    e = torch.exp(s - torch.where(top.isinf(), torch.zeros_like(top), top))
    total = e.sum(-1, keepdim=True)
    w = e / torch.where(total > 0, total, torch.ones_like(total))
    return torch.einsum("...ij,...jd->...id", w, value), w
