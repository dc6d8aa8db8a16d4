import math

import torch


def grouped_query_attention(query, key, value, mask=None):
    # query (B, H, Lq, D), key (B, Hkv, Lk, D), value (B, Hkv, Lk, Dv)
    heads, kv_heads = query.shape[1], key.shape[1]
    key = key.repeat(1, heads // kv_heads, 1, 1)
    value = value.repeat(1, heads // kv_heads, 1, 1)

    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    return weights @ value
