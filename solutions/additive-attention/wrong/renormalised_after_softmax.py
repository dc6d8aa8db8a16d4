"""The softmax runs over all keys and the allowed weights are scaled up afterwards, so nothing is
left where a hidden score is much larger.

先对所有键做 softmax，再把允许的权重放大；被屏蔽的分数大得多时，什么都不剩。
"""

import torch
from torch import nn


class AdditiveAttention(nn.Module):
    def __init__(self, query_dim: int, key_dim: int, hidden_dim: int):
        super().__init__()
        self.query_linear = nn.Linear(query_dim, hidden_dim, bias=False)
        self.key_linear = nn.Linear(key_dim, hidden_dim, bias=False)
        self.score_linear = nn.Linear(hidden_dim, 1, bias=False)

    def forward(self, query, keys, mask=None):
        # query (B, query_dim), keys (B, L, key_dim), mask (B, L)
        hidden = torch.tanh(self.query_linear(query)[:, None, :] + self.key_linear(keys))
        scores = self.score_linear(hidden).squeeze(-1)  # (B, L)
        if mask is not None:
            pass
        weights = torch.softmax(scores, dim=-1)
        if mask is not None:
            weights = weights.masked_fill(~mask, 0.0)
            total = weights.sum(dim=-1, keepdim=True)
            weights = weights / total.masked_fill(total == 0, 1.0)
        context = (weights[:, None, :] @ keys).squeeze(1)  # (B, key_dim): the keys are the values
        return context, weights
