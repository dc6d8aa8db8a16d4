"""Garbage values are multiplied by a weight of zero, and zero times NaN is NaN.

无效的值乘以权重零，而零乘以 NaN 仍是 NaN。
"""

import math

import torch


def paged_attention(query, key_pages, value_pages, block_table, lengths):
    # query (B, H, D), pages (P, page_size, Hkv, D), block_table (B, max_blocks), lengths (B,)
    (batch, heads, dim), (_, page_size, kv_heads, _) = query.shape, key_pages.shape
    group = heads // kv_heads
    room = block_table.shape[1] * page_size
    valid = torch.arange(room) < lengths[:, None]  # (B, room)
    table = torch.where(valid[:, ::page_size], block_table, 0)
    key = key_pages[table].flatten(1, 2).repeat_interleave(group, dim=2)  # (B, room, H, D)
    value = value_pages[table].flatten(1, 2).repeat_interleave(group, dim=2)
    scores = torch.einsum("bhd,blhd->bhl", query, key) / math.sqrt(dim)
    hidden = ~valid[:, None]
    scores = scores.masked_fill(hidden, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    weights = weights.masked_fill(hidden.all(dim=-1, keepdim=True), 0.0)
    return torch.einsum("bhl,blhd->bhd", weights, value)
