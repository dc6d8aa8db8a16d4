"""One item at a time, only its allowed keys gathered; a list returned for the pair."""

import torch
from torch import nn


class AdditiveAttention(nn.Module):
    def __init__(self, query_dim, key_dim, hidden_dim):
        super().__init__()
        self.query_linear = nn.Linear(query_dim, hidden_dim, bias=False)
        self.key_linear = nn.Linear(key_dim, hidden_dim, bias=False)
        self.score_linear = nn.Linear(hidden_dim, 1, bias=False)

    def score(self, q, k):
        return self.score_linear((self.query_linear(q) + self.key_linear(k)).tanh()).view(-1)

    def forward(self, query, keys, mask=None):
        contexts, rows = [], []
        for b in range(query.shape[0]):
            row = keys.new_zeros(keys.shape[1])
            if mask is None:
                kept = torch.arange(keys.shape[1])
            else:
                kept = mask[b].nonzero()[:, 0]
            if len(kept):
                row = row.index_put((kept,), self.score(query[b], keys[b, kept]).softmax(0))
            contexts.append(row @ keys[b])
            rows.append(row)
        return [torch.stack(contexts), torch.stack(rows)]
