"""The gradient of the values multiplies the weights with the wrong factor, the softmaxed gradient
of the weights.

值的梯度乘错了因子，用的是权重梯度的 softmax。
"""

import math

import torch


def attention_backward(query, key, value, grad_output):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv), grad_output (..., Lq, Dv)
    scale = 1 / math.sqrt(query.shape[-1])
    weights = torch.softmax(query @ key.transpose(-2, -1) * scale, dim=-1)  # (..., Lq, Lk)

    grad_weights = grad_output @ value.transpose(-2, -1)
    grad_value = torch.softmax(grad_weights, dim=-1).transpose(-2, -1) @ grad_output
    # Softmax, row by row: dS = P * (dP - sum_j P_j dP_j)
    centre = (weights * grad_weights).sum(dim=-1, keepdim=True)
    grad_scores = weights * (grad_weights - centre)

    grad_query = grad_scores @ key * scale
    grad_key = grad_scores.transpose(-2, -1) @ query * scale
    return grad_query, grad_key, grad_value
