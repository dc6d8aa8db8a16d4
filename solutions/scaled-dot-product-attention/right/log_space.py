"""Weights as exp(score - logsumexp), rows without keys given a harmless score first."""

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    # Both sides take the fourth root of the head dimension.
    root = query.shape[-1] ** 0.25
    scores = (query / root) @ (key / root).transpose(-1, -2)
    if mask is None:
        weights = (scores - scores.logsumexp(-1, keepdim=True)).exp()
        return [weights @ value, weights]
    mask = torch.broadcast_to(mask, scores.shape)
    dead = ~mask.any(dim=-1, keepdim=True)
    scores = scores.masked_fill(~(mask | dead), float("-inf"))
    weights = torch.log_softmax(scores, dim=-1).exp().masked_fill(dead, 0)
    return [weights @ value, weights]
