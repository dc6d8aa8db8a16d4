"""An item without keys gets zeros, but NaN arises on the way to them (and is replaced
afterwards, say), so its gradient is NaN.

没有键的样本得到零，但中途出现了 NaN（例如事后才换成零），梯度因此是 NaN。
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
            scores = scores + torch.zeros_like(scores).masked_fill(~mask, float("-inf"))
        weights = torch.softmax(scores, dim=-1)
        if mask is not None:
            weights = torch.nan_to_num(weights)
        context = (weights[:, None, :] @ keys).squeeze(1)  # (B, key_dim): the keys are the values
        return context, weights
