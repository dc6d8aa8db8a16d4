"""The running logsumexp beside the running maximum; the sum at the very end."""

import torch


def online_softmax(blocks):
    blocks = iter(blocks)
    first = next(blocks)
    m, lse = first.amax(-1), torch.logsumexp(first, -1)
    for x in blocks:
        m = torch.maximum(m, x.amax(-1))
        part = torch.logsumexp(x, -1)
        hi, lo = torch.maximum(lse, part), torch.minimum(lse, part)
        gap = torch.where(lo == -torch.inf, torch.full_like(lo, -torch.inf), lo - hi)
        lse = torch.where(lo == -torch.inf, hi, hi + torch.log1p(torch.exp(gap)))
    safe = torch.where(m == -torch.inf, torch.zeros_like(m), m)
    return m, torch.exp(lse - safe)
