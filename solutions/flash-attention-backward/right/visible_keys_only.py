"""Row blocks against the keys they can see at all; output and delta are made from the weights."""

import math

import torch


def flash_attention_backward(
    query, key, value, output, logsumexp, grad_output, block_size, causal=False
):
    lq, lk = query.shape[-2], key.shape[-2]
    scale = 1.0 / math.sqrt(query.shape[-1])
    grads = [torch.zeros_like(t) for t in (query, key, value)]
    for start in range(0, lq, block_size):
        stop = min(lq, start + block_size)
        end = min(lk, stop + lk - lq) if causal else lk
        if end <= 0:
            continue
        q, g = query[..., start:stop, :], grad_output[..., start:stop, :]
        k, v = key[..., :end, :], value[..., :end, :]
        scores = torch.matmul(q, k.transpose(-1, -2)).mul(scale)
        if causal:
            hidden = torch.ones(stop - start, end).triu(start + lk - lq + 1) > 0
            scores = scores.masked_fill(hidden, -math.inf)
        weights = torch.nan_to_num(torch.softmax(scores, dim=-1))
        grads[2][..., :end, :] += weights.transpose(-1, -2) @ g
        dp = g @ v.transpose(-1, -2)
        ds = weights * (dp - (weights * dp).sum(-1, keepdim=True)) * scale
        grads[0][..., start:stop, :] = ds @ k
        grads[1][..., :end, :] += ds.transpose(-1, -2) @ q
    return grads
