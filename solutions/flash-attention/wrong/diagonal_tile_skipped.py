"""Tiles are skipped when they reach past the first query of a tile, so the diagonal tiles are
lost.

只要块超出查询块的第一行就跳过，对角线上的块被丢掉了。
"""

import math

import torch


def flash_attention(query, key, value, block_size, causal=False):
    # query (..., Lq, D), key (..., Lk, D), value (..., Lk, Dv)
    query_length, key_length = query.shape[-2], key.shape[-2]
    scale = 1 / math.sqrt(query.shape[-1])
    outputs, logsumexps = [], []
    for start in range(0, query_length, block_size):
        q = query[..., start : start + block_size, :] * scale
        rows = torch.arange(start, start + q.shape[-2]) + key_length - query_length
        maximum = q.new_full(q.shape[:-1], float("-inf"))
        total = torch.zeros_like(maximum)  # sum of exp(score - maximum)
        output = q.new_zeros(*q.shape[:-1], value.shape[-1])
        for first in range(0, key_length, block_size):
            if causal and first + block_size - 1 > rows[0] and first > 0:
                continue
            k = key[..., first : first + block_size, :]
            v = value[..., first : first + block_size, :]
            scores = q @ k.transpose(-2, -1)
            if causal:
                columns = torch.arange(first, first + k.shape[-2])
                scores = scores.masked_fill(columns > rows[:, None], float("-inf"))
            new = torch.maximum(maximum, scores.detach().amax(dim=-1))
            safe = new.masked_fill(new == float("-inf"), 0.0)  # -inf - (-inf) would be NaN
            p = torch.exp(scores - safe[..., None])
            shrink = torch.exp(maximum - safe)
            total = total * shrink + p.sum(dim=-1)
            output = output * shrink[..., None] + p @ v
            maximum = new
        empty = total == 0
        total = total.masked_fill(empty, 1.0)
        outputs.append(output / total[..., None])
        logsumexps.append((maximum + total.log()).masked_fill(empty, float("-inf")))
    return torch.cat(outputs, dim=-2), torch.cat(logsumexps, dim=-1)
