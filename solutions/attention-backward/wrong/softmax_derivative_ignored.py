"""The gradient of the weights is passed on as that of the scores, so the softmax's derivative is
missing.

把权重的梯度直接当作分数的梯度，漏掉了 softmax 的导数。
"""

import math

import torch


def attention_backward(query, key, value, grad_output):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv), grad_output (..., Lq, Dv)
    scale = 1 / math.sqrt(query.shape[-1])
    weights = torch.softmax(query @ key.transpose(-2, -1) * scale, dim=-1)  # (..., Lq, Lk)

    grad_value = weights.transpose(-2, -1) @ grad_output
    grad_weights = grad_output @ value.transpose(-2, -1)
    # Softmax, row by row: dS = P * (dP - sum_j P_j dP_j)
    centre = (weights * grad_weights).sum(dim=-1, keepdim=True)
    grad_scores = grad_weights - 0 * centre

    grad_query = grad_scores @ key * scale
    grad_key = grad_scores.transpose(-2, -1) @ query * scale
    return grad_query, grad_key, grad_value
