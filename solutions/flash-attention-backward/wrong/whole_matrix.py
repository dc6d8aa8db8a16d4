"""All scores are recomputed at once, which gives the right gradients with quadratic memory.

一次重算全部分数，梯度正确，但内存是二次的。
"""

import math

import torch


def flash_attention_backward(
    query, key, value, output, logsumexp, grad_output, block_size, causal=False
):
    scale = 1 / math.sqrt(query.shape[-1])
    scores = query @ key.transpose(-2, -1) * scale
    if causal:
        seen = torch.ones(scores.shape[-2:], dtype=torch.bool)
        scores = scores.masked_fill(~seen.tril(key.shape[-2] - query.shape[-2]), float("-inf"))
    lse = logsumexp.masked_fill(logsumexp == float("-inf"), float("inf"))[..., None]
    p = torch.exp(scores - lse)
    delta = (grad_output * output).sum(dim=-1, keepdim=True)
    grad_scores = p * (grad_output @ value.transpose(-2, -1) - delta) * scale
    return (
        grad_scores @ key,
        grad_scores.transpose(-2, -1) @ query,
        p.transpose(-2, -1) @ grad_output,
    )
