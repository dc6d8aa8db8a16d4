"""The keys are padded with zeros at the start and the padding is not masked, so the first queries
lose weight to it.

在开头用零填充键，却没有掩蔽填充，最前面的查询把权重分给了它。
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
        first = start + offset - window + 1
        last = max(first, start + q.shape[-2] + offset)
        k, v = key[..., max(0, first) : last, :], value[..., max(0, first) : last, :]
        pad = (0, 0, last - first - k.shape[-2], 0)
        k, v = torch.nn.functional.pad(k, pad), torch.nn.functional.pad(v, pad)
        distance = rows[:, None] - torch.arange(first, last)
        hidden = (distance < 0) | (distance >= window)
        scores = q @ k.transpose(-2, -1) / math.sqrt(query.shape[-1])
        weights = torch.softmax(scores.masked_fill(hidden, float("-inf")), dim=-1)
        weights = weights.masked_fill(hidden, 0.0)  # a row without keys is NaN until here
        outputs.append(weights @ v)
    return torch.cat(outputs, dim=-2)
