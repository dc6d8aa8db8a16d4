"""A loop over the distances 0 .. window - 1: every distance is a shift of the keys."""

import torch


def shifted(x, offset, length):
    # Row i holds x[i + offset], zeros where there is none.
    index = torch.arange(length) + offset
    real = (index >= 0) & (index < x.shape[-2])
    rows = x[..., index.clamp(0, x.shape[-2] - 1), :]
    return torch.where(real[:, None], rows, torch.zeros_like(rows)), real


def sliding_window_attention(query, key, value, window):
    lq, offset = query.shape[-2], key.shape[-2] - query.shape[-2]
    q = query / query.shape[-1] ** 0.5
    columns = []
    for back in range(window):
        k, real = shifted(key, offset - back, lq)
        columns.append((q * k).sum(-1).masked_fill(~real, float("-inf")))
    scores = torch.stack(columns, -1)
    empty = (scores == float("-inf")).all(-1, keepdim=True)
    weights = torch.softmax(scores.masked_fill(empty, 0.0), -1).masked_fill(empty, 0.0)
    out = 0.0
    for back in range(window):
        out = out + weights[..., back, None] * shifted(value, offset - back, lq)[0]
    return out
