"""Batch and heads folded into one dimension, bmm, and zeros chosen before the division."""

import torch


def linear_attention(query, key, value, causal=False):
    b, h, n, d = query.shape
    m, dv = value.shape[2], value.shape[3]
    q = (torch.nn.ELU()(query) + 1).reshape(b * h, n, d)
    k = (torch.nn.ELU()(key) + 1).reshape(b * h, m, d)
    v = value.reshape(b * h, m, dv)
    if causal and n > m:
        rest = linear_attention(query[:, :, n - m :], key, value, True)
        return torch.cat([torch.zeros(b, h, n - m, dv, dtype=query.dtype), rest], dim=2)
    if causal:
        sums = torch.cumsum(k.unsqueeze(3) * v.unsqueeze(2), dim=1)[:, m - n :]
        totals = torch.cumsum(k, dim=1)[:, m - n :]
        top = torch.matmul(q.unsqueeze(2), sums).squeeze(2)
        bottom = torch.einsum("bnd,bnd->bn", q, totals)
    else:
        top = torch.bmm(q, torch.bmm(k.transpose(1, 2), v))
        bottom = torch.bmm(q, k.sum(1).unsqueeze(2)).squeeze(2)
    silent = bottom == 0
    bottom = bottom + silent.to(bottom.dtype)
    return (top / bottom.unsqueeze(-1)).reshape(b, h, n, dv)
