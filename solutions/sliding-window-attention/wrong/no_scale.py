"""The scores are not divided by the square root of the head dimension.

分数没有除以 head_dim 的平方根。
"""

import math

import torch


def sliding_window_attention(query, key, value, window):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    query_length, key_length = query.shape[-2], key.shape[-2]
    offset = key_length - query_length  # the queries are the last positions
    outputs = []
    for start in range(0, query_length, window):
        q = query[..., start : start + window, :]
        rows = torch.arange(start, start + q.shape[-2]) + offset
        # The block's queries see no key outside [first, last).
        first = max(0, start + offset - window + 1)
        last = max(first, start + q.shape[-2] + offset)
        k, v = key[..., first:last, :], value[..., first:last, :]
        distance = rows[:, None] - torch.arange(first, last)
        hidden = (distance < 0) | (distance >= window)
        scores = q @ k.transpose(-2, -1)
        weights = torch.softmax(scores.masked_fill(hidden, float("-inf")), dim=-1)
        weights = weights.masked_fill(hidden, 0.0)  # a row without keys is NaN until here
        outputs.append(weights @ v)
    return torch.cat(outputs, dim=-2)
