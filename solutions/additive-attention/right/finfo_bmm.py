"""The query repeated over the keys, the dtype's lowest number for hidden keys, bmm."""

import torch
from torch import nn
from torch.nn import functional as F


class AdditiveAttention(nn.Module):
    def __init__(self, query_dim, key_dim, hidden_dim):
        super().__init__()
        layers = {
            "query_linear": (query_dim, hidden_dim),
            "key_linear": (key_dim, hidden_dim),
            "score_linear": (hidden_dim, 1),
        }
        for name, (width, out) in layers.items():
            self.add_module(name, nn.Linear(width, out, bias=False))

    def forward(self, query, keys, mask=None):
        repeated = query.unsqueeze(1).repeat(1, keys.size(1), 1)
        energy = torch.tanh(self.query_linear(repeated) + self.key_linear(keys))
        scores = self.score_linear(energy).transpose(1, 2)  # (B, 1, L)
        if mask is not None:
            hidden = mask.logical_not().unsqueeze(1)
            scores = scores.masked_fill(hidden, torch.finfo(scores.dtype).min)
        weights = F.softmax(scores, dim=2)
        if mask is not None:
            weights = weights * mask.any(dim=1)[:, None, None]
        return torch.bmm(weights, keys)[:, 0], weights[:, 0]
