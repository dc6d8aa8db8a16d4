"""The plain products are divided by both root mean squares afterwards; nothing is normalised."""

import torch


def qk_norm_attention(query, key, value, query_weight, key_weight, eps=1e-6):
    d = query.shape[-1]
    products = torch.einsum("bhid,bhjd,d->bhij", query, key, query_weight * key_weight)
    q_rms = (torch.einsum("bhid,bhid->bhi", query, query) / d + eps).sqrt()
    k_rms = (torch.einsum("bhjd,bhjd->bhj", key, key) / d + eps).sqrt()
    scores = products / (q_rms[..., None] * k_rms[..., None, :]) * d**-0.5
    return torch.einsum("bhij,bhjd->bhid", scores.softmax(-1), value)
