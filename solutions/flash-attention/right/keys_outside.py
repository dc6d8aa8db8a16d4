"""FlashAttention 1's order: key blocks outside, query blocks inside, output kept normalised."""

import math

import torch


def flash_attention(query, key, value, block_size, causal=False):
    lq, lk = query.size(-2), key.size(-2)
    starts = range(0, lq, block_size)
    shape = query.shape[:-2]
    state = [None] * len(starts)
    for j in range(0, lk, block_size):
        k, v = key[..., j : j + block_size, :], value[..., j : j + block_size, :]
        for index, i in enumerate(starts):
            q = query[..., i : i + block_size, :]
            if state[index] is None:
                rows = q.shape[-2]
                state[index] = (
                    torch.full((*shape, rows, 1), -math.inf, dtype=q.dtype),
                    torch.zeros(*shape, rows, 1, dtype=q.dtype),
                    torch.zeros(*shape, rows, v.shape[-1], dtype=q.dtype),
                )
            m, den, o = state[index]
            if causal and j > i + q.shape[-2] - 1 + lk - lq:
                continue  # the whole tile lies in the future
            s = torch.einsum("...id,...jd->...ij", q, k) / math.sqrt(q.shape[-1])
            if causal:
                r = torch.arange(i, i + q.shape[-2])[:, None] + (lk - lq)
                s = s.masked_fill(torch.arange(j, j + k.shape[-2]) > r, -math.inf)
            new = torch.maximum(m, s.max(-1, keepdim=True).values.detach())
            base = new.clamp(min=torch.finfo(s.dtype).min)
            p, shrink = torch.exp(s - base), torch.exp(m - base)
            total = den * shrink + p.sum(-1, keepdim=True)
            divisor = torch.where(total == 0, torch.ones_like(total), total)
            o = (o * (den * shrink) + p @ v) / divisor
            state[index] = (new, total, o)
    lses = []
    for m, den, _ in state:
        alive = den > 0
        lse = torch.where(alive, m, 0.0) + torch.where(alive, den, 1.0).log()
        lses.append(torch.where(alive, lse, -math.inf).squeeze(-1))
    return torch.cat([o for _, _, o in state], -2), torch.cat(lses, -1)
