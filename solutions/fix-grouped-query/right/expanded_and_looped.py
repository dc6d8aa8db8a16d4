"""expand and reshape instead of a repeat, one head after the other, lowest finite mask value."""

import torch


def attend(q, k, v, allowed):
    s = q @ k.transpose(1, 2) * q.shape[-1] ** -0.5
    if allowed is None:
        return s.softmax(-1) @ v
    s = s.masked_fill(~allowed, torch.finfo(s.dtype).min)
    return (s.softmax(-1) * allowed) @ v


def grouped_query_attention(query, key, value, mask=None):
    b, h, n, _ = query.shape
    kv, m = key.shape[1], key.shape[2]
    if h % kv != 0:
        raise ValueError(h, kv)
    key, value = (
        t.unsqueeze(2).expand(-1, -1, h // kv, -1, -1).reshape(b, h, m, t.shape[-1])
        for t in (key, value)
    )
    allowed = None if mask is None else mask.expand(b, h, n, m)
    heads = [
        attend(query[:, i], key[:, i], value[:, i], None if mask is None else allowed[:, i])
        for i in range(h)
    ]
    return torch.stack(heads, 1)
