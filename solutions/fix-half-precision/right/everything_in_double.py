"""float64 inside, whatever comes in, einsum and a softmax by hand."""

import torch


def attention(query, key, value, mask=None):
    q, k, v = query.double(), key.double(), value.double()
    scores = torch.einsum("...id,...jd->...ij", q, k) / q.shape[-1] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(mask.logical_not(), -torch.inf)
    peak = scores.detach().amax(-1, keepdim=True)
    powers = torch.exp(scores - torch.where(peak.isfinite(), peak, 0.0))
    total = powers.sum(-1, keepdim=True)
    out = torch.einsum("...ij,...jv->...iv", powers / total.masked_fill(total == 0, 1.0), v)
    return out.to(query.dtype)
