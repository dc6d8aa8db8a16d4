"""Each query head's key-value head looked up by an index; NaN of empty rows turned to zero."""

import math

import torch


def grouped_query_attention(query, key, value, mask=None):
    heads, shared = query.size(1), key.size(1)
    if heads // shared * shared != heads:
        raise ValueError(f"{heads=}, {shared=}")
    owner = torch.arange(heads) // (heads // shared)
    scores = torch.matmul(query, key[:, owner].mT) / math.sqrt(query.size(-1))
    if mask is not None:
        scores = scores.masked_fill(torch.logical_not(mask), -math.inf)
    return torch.matmul(torch.nan_to_num(scores.softmax(-1)), value[:, owner])
