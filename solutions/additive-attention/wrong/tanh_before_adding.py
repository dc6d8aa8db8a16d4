"""The query is added outside of the tanh, so it cancels in the softmax.

查询加在 tanh 之外，在 softmax 中抵消。
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
        hidden = torch.tanh(self.query_linear(query))[:, None, :] + torch.tanh(
            self.key_linear(keys)
        )
        scores = self.score_linear(hidden).squeeze(-1)  # (B, L)
        if mask is not None:
            scores = scores.masked_fill(~mask, float("-inf"))
        weights = torch.softmax(scores, dim=-1)
        if mask is not None:
            weights = weights.masked_fill(~mask, 0.0)  # a row without keys is NaN until here
        context = (weights[:, None, :] @ keys).squeeze(1)  # (B, key_dim): the keys are the values
        return context, weights
