"""Head by head in two-dimensional matrices."""

import torch


def qk_norm_attention(query, key, value, query_weight, key_weight, eps=1e-6):
    def normalise(rows, weight):
        return torch.stack([row / (row.dot(row) / len(row) + eps) ** 0.5 for row in rows]) * weight

    heads = []
    for q, k, v in zip(query.flatten(0, 1), key.flatten(0, 1), value.flatten(0, 1), strict=True):
        scores = normalise(q, query_weight) @ normalise(k, key_weight).T
        heads.append(torch.softmax(scores / q.shape[1] ** 0.5, dim=1) @ v)
    return torch.stack(heads).unflatten(0, query.shape[:2])
