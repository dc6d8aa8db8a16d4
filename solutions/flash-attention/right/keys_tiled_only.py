"""All queries at once against one block of keys at a time; parts merged by logaddexp."""

import torch


def flash_attention(query, key, value, block_size, causal=False):
    n, m = query.shape[-2], key.shape[-2]
    q = query / query.shape[-1] ** 0.5
    out = torch.zeros(*query.shape[:-1], value.shape[-1], dtype=query.dtype)
    lse = torch.full(query.shape[:-1], -torch.inf, dtype=query.dtype)
    position = torch.arange(m - n, m).unsqueeze(-1)
    for k, v, index in zip(
        key.split(block_size, -2), value.split(block_size, -2), torch.arange(m).split(block_size)
    ):
        s = q @ k.mT
        if causal:
            s = torch.where(index <= position, s, -torch.inf)
        dead = (s == -torch.inf).all(-1)
        part = torch.logsumexp(s.masked_fill(dead[..., None], 0.0), -1)
        p = torch.exp(s - part[..., None])
        none = dead & (lse == -torch.inf)
        part = part.masked_fill(dead, -torch.inf)
        both = torch.logaddexp(lse.masked_fill(none, 0.0), part.masked_fill(none, 0.0))
        both = both.masked_fill(none, 0.0)
        out = out * torch.exp(lse - both)[..., None] + (p @ v) * torch.exp(part - both)[..., None]
        lse = both.masked_fill(none, -torch.inf)
    return out, lse
