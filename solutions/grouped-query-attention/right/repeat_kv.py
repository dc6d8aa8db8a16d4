"""Llama's repeat_kv: expand a new axis and reshape it into the heads."""

import torch
import torch.nn.functional as F


def repeat_kv(x, n):
    b, hkv, length, d = x.shape
    return x[:, :, None].expand(b, hkv, n, length, d).reshape(b, hkv * n, length, d)


def grouped_query_attention(query, key, value, mask=None):
    n = query.shape[1] // key.shape[1]
    if n * key.shape[1] != query.shape[1]:
        raise ValueError("heads")
    k, v = repeat_kv(key, n), repeat_kv(value, n)
    scores = torch.matmul(query, k.transpose(2, 3)) / query.shape[-1] ** 0.5
    if mask is None:
        return torch.matmul(F.softmax(scores, dim=-1), v)
    empty = ~mask.any(-1, keepdim=True)
    bias = torch.zeros(mask.shape, dtype=query.dtype).masked_fill(~(mask | empty), float("-inf"))
    return torch.matmul(F.softmax(scores + bias, dim=-1).masked_fill(empty, 0), v)
