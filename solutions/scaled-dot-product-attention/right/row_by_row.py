"""A loop over queries in plain vector arithmetic."""

import math

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    outputs, rows = [], []
    shape = (
        *torch.broadcast_shapes(query.shape[:-2], key.shape[:-2]),
        query.shape[-2],
        key.shape[-2],
    )
    allowed = None if mask is None else mask.expand(shape)
    for i in range(query.shape[-2]):
        s = (query[..., i, None, :] * key).sum(-1) / math.sqrt(query.shape[-1])
        if allowed is not None:
            s = s.masked_fill(~allowed[..., i, :], -math.inf)
        p = torch.softmax(s, -1)
        if allowed is not None:
            p = torch.where(allowed[..., i, :], p, 0.0)
        rows.append(p)
        outputs.append((p[..., None] * value).sum(-2))
    return torch.stack(outputs, -2), torch.stack(rows, -2)
