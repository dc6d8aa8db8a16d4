"""The sizes are unpacked as (batch, heads, length, dim), so inputs with other leading dimensions
fail.

按 (batch, heads, length, dim) 解包形状，维数不同的输入就会报错。
"""

import math

import torch


def attention_backward(query, key, value, grad_output):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv), grad_output (..., Lq, Dv)
    _, _, length, dim = query.shape
    scale = 1 / math.sqrt(query.shape[-1])
    weights = torch.softmax(query @ key.transpose(-2, -1) * scale, dim=-1)  # (..., Lq, Lk)

    grad_value = weights.transpose(-2, -1) @ grad_output
    grad_weights = grad_output @ value.transpose(-2, -1)
    # Softmax, row by row: dS = P * (dP - sum_j P_j dP_j)
    centre = (weights * grad_weights).sum(dim=-1, keepdim=True)
    grad_scores = weights * (grad_weights - centre)

    grad_query = grad_scores @ key * scale
    grad_key = grad_scores.transpose(-2, -1) @ query * scale
    return grad_query, grad_key, grad_value
