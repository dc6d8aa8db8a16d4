"""A loop over query heads that looks its key-value head up."""

import math

import torch


def grouped_query_attention(query, key, value, mask=None):
    heads, shared = query.shape[1], key.shape[1]
    group, rest = divmod(heads, shared)
    if rest:
        raise ValueError(f"{heads=} {shared=}")
    allowed = None
    if mask is not None:
        allowed = mask.expand(query.shape[0], heads, query.shape[2], key.shape[2])
    out = []
    for h in range(heads):
        k, v = key[:, h // group], value[:, h // group]
        s = torch.bmm(query[:, h], k.mT).div(math.sqrt(query.shape[-1]))
        if allowed is None:
            out.append(s.softmax(-1).bmm(v))
            continue
        s = s.masked_fill(~allowed[:, h], torch.finfo(s.dtype).min)
        out.append((s.softmax(-1) * allowed[:, h].any(-1, keepdim=True)).bmm(v))
    return torch.stack(out, 1)
