"""Every block of queries sees its own block alone, so the window is cut at block borders.

每个查询块只看自己的块，窗口在块的边界被截断。
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
        first = max(0, start + offset)
        last = max(first, start + q.shape[-2] + offset)
        k, v = key[..., first:last, :], value[..., first:last, :]
        distance = rows[:, None] - torch.arange(first, last)
        hidden = (distance < 0) | (distance >= window)
        scores = q @ k.transpose(-2, -1) / math.sqrt(query.shape[-1])
        weights = torch.softmax(scores.masked_fill(hidden, float("-inf")), dim=-1)
        weights = weights.masked_fill(hidden, 0.0)  # a row without keys is NaN until here
        outputs.append(weights @ v)
    return torch.cat(outputs, dim=-2)
