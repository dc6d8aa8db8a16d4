"""Empty rows get harmless scores before the softmax, and weight zero after it."""

import torch


def scaled_dot_product_attention(query, key, value, mask=None):
    scores = torch.einsum("...id,...jd->...ij", query, key) * query.shape[-1] ** -0.5
    if mask is None:
        weights = scores.softmax(-1)
    else:
        alive = mask.any(dim=-1, keepdim=True)
        bias = torch.zeros(mask.shape, dtype=scores.dtype)
        bias = bias.masked_fill(~mask & alive, -torch.inf)  # an empty row is left unmasked
        weights = (scores + bias).softmax(-1) * alive
    return torch.einsum("...ij,...jv->...iv", weights, value), weights
