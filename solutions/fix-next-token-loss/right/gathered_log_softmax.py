"""log_softmax and gather over the whole grid, weights for the mean."""

import torch


def next_token_loss(logits, tokens, lengths):
    b, n, v = logits.shape
    ahead = torch.cat([tokens[:, 1:], tokens[:, :1]], dim=1)
    weight = (torch.arange(1, n + 1)[None] < lengths[:, None]).to(logits.dtype)
    ids = ahead.clamp(0, v - 1)[..., None]
    cost = -logits.log_softmax(-1).gather(-1, ids).squeeze(-1)
    return torch.sum(cost * weight) / torch.clamp(weight.sum(), min=1.0)
