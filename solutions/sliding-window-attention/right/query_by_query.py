"""One query at a time against its slice of keys."""

import math

import torch


def sliding_window_attention(query, key, value, window):
    offset = key.shape[-2] - query.shape[-2]
    rows = []
    for i in range(query.shape[-2]):
        end = i + offset + 1
        if end <= 0:
            rows.append(query.new_zeros(*query.shape[:-2], 1, value.shape[-1]))
            continue
        k = key[..., max(0, end - window) : end, :]
        v = value[..., max(0, end - window) : end, :]
        scores = query[..., i : i + 1, :] @ k.mT / math.sqrt(query.shape[-1])
        rows.append(torch.softmax(scores, -1) @ v)
    return torch.cat(rows, -2)
