"""Weights in log space: logsumexp over the features, then a softmax over the keys."""

import torch


def performer_attention(query, key, value, projection):
    b, h, n, d = query.shape
    scale = d ** (-1 / 4)
    q = (query * scale).reshape(b * h, n, d)
    k = (key * scale).reshape(b * h, -1, d)
    log_q = torch.nn.functional.linear(q, projection)
    log_k = torch.nn.functional.linear(k, projection) - k.norm(dim=-1, keepdim=True) ** 2 / 2
    scores = torch.logsumexp(log_q.unsqueeze(2) + log_k.unsqueeze(1), dim=-1)
    out = torch.bmm(scores.softmax(dim=-1), value.reshape(b * h, -1, value.shape[-1]))
    return out.reshape(b, h, n, -1)
