"""Einsum on the weights themselves; where() for the mask, and a guarded softmax by hand."""

import torch
import torch.nn as nn


class AdditiveAttention(nn.Module):
    def __init__(self, query_dim, key_dim, hidden_dim):
        super(AdditiveAttention, self).__init__()
        self.score_linear = nn.Linear(hidden_dim, 1, bias=False)
        self.key_linear = nn.Linear(key_dim, hidden_dim, bias=False)
        self.query_linear = nn.Linear(query_dim, hidden_dim, bias=False)

    def forward(self, query, keys, mask=None):
        q = torch.einsum("bq,hq->bh", query, self.query_linear.weight)
        k = torch.einsum("blk,hk->blh", keys, self.key_linear.weight)
        e = torch.einsum("blh,oh->bl", torch.tanh(k + q.unsqueeze(1)), self.score_linear.weight)
        visible = torch.ones_like(e, dtype=torch.bool) if mask is None else mask
        e = torch.where(visible, e, torch.full_like(e, -torch.inf))
        top = e.amax(1, keepdim=True).clamp_min(torch.finfo(e.dtype).min).detach()
        p = torch.exp(e - top)
        total = p.sum(1, keepdim=True)
        a = p / torch.where(total > 0, total, torch.ones_like(total))
        return torch.einsum("bl,blk->bk", a, keys), a
