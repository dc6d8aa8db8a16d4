"""Log-softmax of additive -inf masks that leave empty rows alone; the context as a sum."""

import torch
from torch import nn


class AdditiveAttention(nn.Module):
    def __init__(self, query_dim, key_dim, hidden_dim):
        super().__init__()
        self.query_linear = nn.Linear(query_dim, hidden_dim, bias=False)
        self.key_linear = nn.Linear(key_dim, hidden_dim, bias=False)
        self.score_linear = nn.Linear(hidden_dim, 1, bias=False)

    def forward(self, query, keys, mask=None):
        both = self.query_linear(query)[:, None].add(self.key_linear(keys))
        scores = self.score_linear(torch.tanh(both))[..., 0]
        alive = torch.ones(len(query), 1, dtype=keys.dtype)
        if mask is not None:
            some = mask.any(1, keepdim=True)
            scores = scores + torch.zeros_like(scores).masked_fill(~mask & some, float("-inf"))
            alive = some.to(keys.dtype)
        weights = torch.log_softmax(scores, 1).exp() * alive
        return (weights.unsqueeze(2) * keys).sum(dim=1), weights
