"""A loop over heads; the mask as the dtype's lowest number, empty rows zeroed afterwards."""

import math

import torch
from torch import nn


def attend(q, k, v, allowed):
    scores = torch.bmm(q, k.transpose(1, 2)) / math.sqrt(q.size(-1))
    if allowed is None:
        return torch.bmm(torch.softmax(scores, -1), v)
    scores = scores.masked_fill(allowed.logical_not(), torch.finfo(scores.dtype).min)
    weights = torch.softmax(scores, -1) * allowed.any(-1, keepdim=True)
    return torch.bmm(weights, v)


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model=8, num_heads=2):
        nn.Module.__init__(self)
        if d_model % num_heads > 0:
            raise ValueError("bad sizes")
        self.num_heads = num_heads
        self.query_linear, self.key_linear, self.value_linear, self.output_linear = (
            nn.Linear(d_model, d_model) for _ in range(4)
        )

    def forward(self, query, key, value, mask=None):
        if mask is not None:
            shape = (query.size(0), self.num_heads, query.size(1), key.size(1))
            mask = mask.expand(shape)
        qs = self.query_linear(query).chunk(self.num_heads, -1)
        ks = self.key_linear(key).chunk(self.num_heads, -1)
        vs = self.value_linear(value).chunk(self.num_heads, -1)
        outs = []
        for h in range(self.num_heads):
            outs.append(attend(qs[h], ks[h], vs[h], None if mask is None else mask[:, h]))
        return self.output_linear(torch.cat(outs, -1))
