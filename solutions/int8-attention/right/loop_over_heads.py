"""Head by head, with NumPy-free int32 matrices and the scale of attention put into the query's."""

import torch


def quantise_rows(rows):
    scales = []
    codes = torch.zeros(rows.shape, dtype=torch.int32)
    for i, row in enumerate(rows):
        top = row.abs().max()
        scales.append(top / 127)
        if top > 0:
            codes[i] = torch.round(row / scales[-1]).int()
    return codes, torch.stack(scales)


def int8_attention(query, key, value):
    batch, heads, lq, d = query.shape
    out = query.new_empty(batch, heads, lq, value.shape[-1])
    for b in range(batch):
        for h in range(heads):
            q, qs = quantise_rows(query[b, h])
            k, ks = quantise_rows(key[b, h])
            scores = torch.mm(q, k.T) * torch.outer(qs / d**0.5, ks)
            out[b, h] = torch.mm(scores.softmax(-1), value[b, h])
    return out
