"""From the last layer down, multiplied from the right; A + I, which the division evens out."""

from functools import reduce

import torch


def attention_rollout(weights):
    a = weights.sum(dim=2) / weights.shape[2]
    a = a + torch.eye(a.shape[-1]).to(a)
    a = a / a.sum(-1).unsqueeze(-1)
    return reduce(torch.matmul, a.flip(0).unbind(0))
