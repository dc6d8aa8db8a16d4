"""One batch axis, scale and 1/cap put into the query, softmax by hand."""

import torch


def soft_capped_attention(query, key, value, cap):
    b, h, lq, d = query.shape
    q = (query / (d**0.5 * cap)).reshape(b * h, lq, d)
    k, v = key.reshape(b * h, -1, d), value.reshape(b * h, -1, value.shape[-1])
    zero = torch.zeros((), dtype=q.dtype)
    capped = cap * torch.tanh(torch.baddbmm(zero, q, k.mT, beta=0))
    e = (capped - capped.max(dim=-1, keepdim=True).values).exp()
    return torch.bmm(e / e.sum(dim=-1, keepdim=True), v).view(b, h, lq, -1)
