"""Slopes from exp and a cumulative sum; distances counted up from the end, where() for the rest."""

import math

import torch


def alibi_bias(num_heads, query_length, key_length):
    steps = torch.full((num_heads,), -8 * math.log(2) / num_heads, dtype=torch.float64)
    slopes = steps.cumsum(0).exp()
    back = torch.arange(query_length - 1, -1, -1, dtype=torch.float64)  # from the last query
    age = torch.arange(key_length - 1, -1, -1, dtype=torch.float64)  # from the last key
    distance = age.unsqueeze(0) - back.unsqueeze(1)
    penalty = torch.einsum("h,ij->hij", slopes, distance).neg()
    hidden = torch.tensor(-torch.inf, dtype=torch.float64)
    return torch.where(distance >= 0, penalty, hidden).to(torch.float32)
