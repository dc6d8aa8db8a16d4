"""The k best scores and their values are gathered, so the softmax runs over k numbers."""

import torch


def top_k_attention(query, key, value, k):
    scores = torch.einsum("bhid,bhjd->bhij", query, key) * query.shape[-1] ** -0.5
    best, index = torch.sort(scores, dim=-1, descending=True, stable=True)
    best, index = best[..., :k], index[..., :k]
    b, h, _, _ = index.shape
    rows = torch.arange(b)[:, None, None, None], torch.arange(h)[:, None, None]
    chosen = value[rows[0], rows[1], index]  # (B, H, Lq, k, Dv)
    return torch.einsum("bhik,bhikd->bhid", best.softmax(-1), chosen)
