"""One query at a time, adding up the gradients of keys and values."""

import torch


def attention_backward(query, key, value, grad_output):
    scale = query.shape[-1] ** -0.5
    dq, dk, dv = torch.zeros_like(query), torch.zeros_like(key), torch.zeros_like(value)
    for i in range(query.shape[-2]):
        q, g = query[..., i : i + 1, :], grad_output[..., i : i + 1, :]
        s = (q * key).sum(-1) * scale
        p = (s - torch.logsumexp(s, -1, keepdim=True)).exp().unsqueeze(-1)
        dp = (g * value).sum(-1, keepdim=True)
        ds = p * (dp - (p * dp).sum(-2, keepdim=True)) * scale
        dv += p * g
        dk += ds * q
        dq[..., i, :] = (ds * key).sum(-2)
    return [dq, dk, dv]
