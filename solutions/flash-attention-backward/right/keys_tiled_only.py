"""Only the keys are tiled, and the logsumexp is made anew in a pass of its own."""

import math

import torch


@torch.no_grad()
def flash_attention_backward(
    query, key, value, output, logsumexp, grad_output, block_size, causal=False
):
    lq, lk = query.shape[-2], key.shape[-2]
    scaled = query / math.sqrt(query.shape[-1])
    rows = torch.arange(lk - lq, lk).view(-1, 1)

    def scores(at, k):
        bias = torch.zeros(lq, k.shape[-2], dtype=query.dtype)
        if causal:
            bias[torch.arange(at, at + k.shape[-2]) > rows] = -math.inf
        return scaled @ k.mT + bias

    starts = range(0, lk, block_size)
    blocks = list(zip(starts, key.split(block_size, -2), value.split(block_size, -2)))
    lse = torch.stack([scores(at, k).logsumexp(-1) for at, k, _ in blocks]).logsumexp(0)
    empty = torch.isneginf(lse).unsqueeze(-1)
    lse = lse.unsqueeze(-1).masked_fill(empty, 0.0)
    delta = (grad_output * output).sum(-1, keepdim=True)
    gq, gk, gv = torch.zeros_like(query), [], []
    for at, k, v in blocks:
        p = (scores(at, k) - lse).exp()
        gv.append(p.mT @ grad_output)
        ds = p * (grad_output @ v.mT - delta)
        gq += ds @ k
        gk.append(ds.mT @ scaled)
    return gq / math.sqrt(query.shape[-1]), torch.cat(gk, dim=-2), torch.cat(gv, dim=-2)
