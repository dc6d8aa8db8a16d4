"""The query viewed in groups, the product broadcasts over them; nothing is copied."""

import torch


def grouped_query_attention(query, key, value, mask=None):
    b, h, n, d = query.shape
    kv = key.shape[1]
    if h % kv:
        raise ValueError("heads")
    scores = torch.einsum("bkgid,bkjd->bkgij", query.reshape(b, kv, h // kv, n, d), key) / d**0.5
    scores = scores.flatten(1, 2)
    if mask is not None:
        scores = torch.where(mask, scores, float("-inf"))
    weights = scores.softmax(-1)
    if mask is not None:
        weights = torch.where(mask, weights, 0.0)
    out = torch.einsum("bkgij,bkjv->bkgiv", weights.unflatten(1, (kv, h // kv)), value)
    return out.flatten(1, 2)
