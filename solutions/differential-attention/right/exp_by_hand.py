"""Softmax by hand; the denominators are applied after the products with the value."""

import torch


def numerator_and_sum(query, key):
    scores = torch.matmul(query * key.size(-1) ** -0.5, key.mT)
    e = torch.exp(scores - scores.detach().max(dim=-1, keepdim=True)[0])
    return e, e.sum(dim=-1, keepdim=True)


def differential_attention(query1, key1, query2, key2, value, lam):
    e1, z1 = numerator_and_sum(query1, key1)
    e2, z2 = numerator_and_sum(query2, key2)
    return torch.matmul(e1, value) / z1 - torch.matmul(e2, value) / z2 * lam
