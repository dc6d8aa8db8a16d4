"""FlashAttention's form: the centre of a row is output · grad_output."""

import torch


def attention_backward(query, key, value, grad_output):
    d = query.size(-1)
    q = query * d**-0.5
    p = torch.softmax(q @ key.mT, -1)
    out = p @ value
    delta = (out * grad_output).sum(-1, keepdim=True)
    ds = p * (grad_output @ value.mT - delta)
    return ds @ key * d**-0.5, ds.mT @ q, p.mT @ grad_output
