"""Statistics of each block merged with those so far by an associative function."""

import functools

import torch


def statistics(x):
    m = x.max(dim=-1, keepdim=True).values
    low = torch.finfo(x.dtype).min
    return m.squeeze(-1), (x - m.clamp(min=low)).exp().sum(-1)


def merge(a, b):
    (ma, sa), (mb, sb) = a, b
    m = torch.max(ma, mb)
    low = torch.finfo(m.dtype).min
    safe = m.clamp(min=low)
    return m, sa * (ma - safe).exp() + sb * (mb - safe).exp()


def online_softmax(blocks):
    return functools.reduce(merge, map(statistics, blocks))
