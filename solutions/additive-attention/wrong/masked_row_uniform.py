"""An item without any key spreads its weight evenly, as it does where the mask is a large
negative number, instead of getting zeros.

没有键的样本均匀分配权重（例如掩码用了一个很大的负数），而不是得到零。
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
            scores = scores.masked_fill(~mask, -1e9)
        weights = torch.softmax(scores, dim=-1)
        context = (weights[:, None, :] @ keys).squeeze(1)  # (B, key_dim): the keys are the values
        return context, weights
