"""A class for the norm, with sqrt(D) times x over its length."""

import math

import torch
from torch import nn


class HeadNorm(nn.Module):
    def __init__(self, weight, eps):
        super().__init__()
        self.weight, self.eps = weight, eps

    def forward(self, x):
        d = x.size(-1)
        length = torch.sqrt(x.square().sum(-1, keepdim=True) + d * self.eps)
        return self.weight * x / length * math.sqrt(d)


def qk_norm_attention(query, key, value, query_weight, key_weight, eps=1e-6):
    q, k = HeadNorm(query_weight, eps)(query), HeadNorm(key_weight, eps)(key)
    scores = torch.matmul(q, k.transpose(2, 3)).div(math.sqrt(q.size(-1)))
    scores = scores - scores.amax(dim=-1, keepdim=True)
    e = scores.exp()
    return torch.matmul(e, value) / e.sum(dim=-1, keepdim=True)
