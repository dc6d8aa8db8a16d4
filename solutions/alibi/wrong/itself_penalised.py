"""Distances count from one, so a query pays for seeing itself.

距离从 1 数起，查询看自己也要付出代价。
"""

import torch


def alibi_bias(num_heads, query_length, key_length):
    heads = torch.arange(1, num_heads + 1)
    slopes = 2.0 ** (-8.0 * heads / num_heads)  # (H,)
    # The queries are the last positions.
    queries = torch.arange(query_length) + key_length - query_length
    distance = queries[:, None] - torch.arange(key_length)  # (Lq, Lk), negative in the future
    bias = slopes[:, None, None] * -(distance + 1)
    return bias.masked_fill(distance < 0, float("-inf"))
