"""The exponentials themselves, masked; the divisor of an empty row is one."""

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5
    if mask is None:
        mask = torch.ones((), dtype=torch.bool)
    mask = mask.expand(scores.shape)
    peak = scores.detach().masked_fill(~mask, -torch.inf).amax(-1, keepdim=True)
    peak = peak.masked_fill(~mask.any(-1, keepdim=True), 0.0)
    powers = (scores - peak).masked_fill(~mask, -torch.inf).exp()
    total = powers.sum(-1, keepdim=True)
    weights = powers / torch.where(total == 0, 1.0, total)
    return weights @ value, weights
