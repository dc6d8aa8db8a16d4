"""The exponents count heads from zero, so the first slope is 1 and the last is missing.

指数中的头从 0 数起，第一个斜率变成 1，最后一个斜率缺失。
"""

import torch


def alibi_bias(num_heads, query_length, key_length):
    heads = torch.arange(num_heads)
    slopes = 2.0 ** (-8.0 * heads / num_heads)  # (H,)
    # The queries are the last positions.
    queries = torch.arange(query_length) + key_length - query_length
    distance = queries[:, None] - torch.arange(key_length)  # (Lq, Lk), negative in the future
    bias = slopes[:, None, None] * -distance
    return bias.masked_fill(distance < 0, float("-inf"))
