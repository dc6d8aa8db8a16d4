"""The whole Jacobian of the softmax, diag(p) - p p^T, by einsum."""

import math

import torch


def attention_backward(query, key, value, grad_output):
    s = torch.einsum("...id,...jd->...ij", query, key) / math.sqrt(query.shape[-1])
    e = torch.exp(s - s.max(-1, keepdim=True).values)
    p = e / e.sum(-1, keepdim=True)
    dv = torch.einsum("...ij,...ie->...je", p, grad_output)
    dp = torch.einsum("...ie,...je->...ij", grad_output, value)
    jacobian = torch.diag_embed(p) - p.unsqueeze(-1) * p.unsqueeze(-2)
    ds = torch.einsum("...ij,...ijk->...ik", dp, jacobian) / math.sqrt(query.shape[-1])
    dq = torch.einsum("...ik,...kd->...id", ds, key)
    dk = torch.einsum("...ik,...id->...kd", ds, query)
    return dq, dk, dv
