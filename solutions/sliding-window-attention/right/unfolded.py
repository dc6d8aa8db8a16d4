"""Keys and values gathered into windows by index: (L, window) scores and nothing larger."""

import torch


def sliding_window_attention(query, key, value, window):
    lq, lk = query.shape[-2], key.shape[-2]
    position = torch.arange(lk - lq, lk).unsqueeze(1) - torch.arange(window - 1, -1, -1)
    real = position >= 0
    index = position.clamp(0, lk - 1)
    scores = torch.einsum("...id,...iwd->...iw", query, key[..., index, :])
    scores = (scores * query.shape[-1] ** -0.5).masked_fill(~real, -torch.inf)
    weights = torch.softmax(scores, -1).masked_fill(~real, 0.0)
    return torch.einsum("...iw,...iwd->...id", weights, value[..., index, :])
