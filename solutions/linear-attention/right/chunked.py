"""Chunks of queries: a masked product within the chunk, the running state for what lies before."""

import torch
import torch.nn.functional as F

CHUNK = 64


def linear_attention(query, key, value, causal=False):
    q = F.elu(query).add(1.0)
    k = F.elu(key).add(1.0)
    # The normaliser is one more column of values, all ones.
    v = torch.cat([value, torch.ones_like(value[..., :1])], dim=-1)
    if causal:
        mixed = causal_products(q, k, v)
    else:
        mixed = q.matmul(k.mT.matmul(v))
    return mixed[..., :-1] / mixed[..., -1:].clamp(min=1e-9)


def causal_products(q, k, v):
    lq, lk = q.size(-2), k.size(-2)
    offset = lk - lq
    done = max(0, offset)  # keys that every query sees
    state = k[..., :done, :].mT @ v[..., :done, :]
    parts = []
    for start in range(0, lq, CHUNK):
        stop = min(start + CHUNK, lq)
        end = max(done, stop + offset)
        i = torch.arange(start, stop).unsqueeze(1) + offset
        visible = torch.arange(done, end) <= i
        inner = (q[..., start:stop, :] @ k[..., done:end, :].mT) * visible
        parts.append(q[..., start:stop, :] @ state + inner @ v[..., done:end, :])
        state = state + k[..., done:end, :].mT @ v[..., done:end, :]
        done = end
    return torch.cat(parts, dim=-2)
