"""No copies of keys: the query heads are viewed as (Hkv, group) and broadcast."""

import torch


def grouped_query_attention(query, key, value, mask=None):
    b, h, lq, d = query.shape
    hkv, lk = key.shape[1], key.shape[2]
    if h % hkv:
        raise ValueError(f"{h} is not a multiple of {hkv}")
    q = query.reshape(b, hkv, h // hkv, lq, d)
    scores = torch.einsum("bkgid,bkjd->bkgij", q, key) * d**-0.5
    scores = scores.reshape(b, h, lq, lk)
    if mask is not None:
        scores = torch.where(mask, scores, -torch.inf)
    weights = scores.softmax(-1)
    if mask is not None:
        weights = torch.where(mask, weights, 0.0)
    weights = weights.reshape(b, hkv, h // hkv, lq, lk)
    return torch.einsum("bkgij,bkjd->bkgid", weights, value).reshape(b, h, lq, value.shape[-1])
