"""A cache object that writes into a buffer of doubling capacity and is consumed by the call."""

import math

import torch
from torch import nn


class Cache:
    def __init__(self):
        self.length, self.store = 0, None

    def append(self, kv):
        end = self.length + kv.shape[-2]
        if self.store is None or end > self.store.shape[-2]:
            room = kv.new_zeros(*kv.shape[:-2], 2 * end, kv.shape[-1])
            if self.store is not None:
                room[..., : self.length, :] = self.store[..., : self.length, :]
            self.store = room
        self.store[..., self.length : end, :] = kv.detach()
        self.length = end
        return self.store[..., :end, :]


class CachedSelfAttention(nn.Module):
    def __init__(self, d_model: int, num_heads: int):
        super().__init__()
        if d_model % num_heads != 0:
            raise ValueError(f"{d_model=}, {num_heads=}")
        self.num_heads, self.head_dim = num_heads, d_model // num_heads
        self.output_linear = nn.Linear(d_model, d_model)
        self.qkv_linear = nn.Linear(d_model, d_model * 3)

    def forward(self, x, cache=None):
        cache = Cache() if cache is None else cache
        past = cache.length
        qkv = self.qkv_linear(x).unflatten(-1, (3, self.num_heads, self.head_dim))
        q, kv = qkv[:, :, 0].transpose(1, 2), qkv[:, :, 1:].permute(2, 0, 3, 1, 4)
        k, v = cache.append(kv)
        s = torch.einsum("bhid,bhjd->bhij", q, k) / math.sqrt(self.head_dim)
        i = torch.arange(x.shape[1]).view(-1, 1) + past
        s = s.masked_fill(torch.arange(s.shape[-1]) > i, -math.inf)
        y = torch.einsum("bhij,bhjd->bihd", s.softmax(-1), v).flatten(2)
        return self.output_linear(y), cache
