"""Head by head, the sigmoid as a softmax over (gate, 0)."""

import math

import torch


def gated_attention(query, key, value, gate):
    heads = []
    for h in range(query.shape[1]):
        scores = query[:, h] @ key[:, h].mT / math.sqrt(query.shape[-1])
        pair = torch.stack((gate[:, h], torch.zeros_like(gate[:, h])))
        heads.append(scores.softmax(-1) @ value[:, h] * pair.softmax(0)[0])
    return torch.stack(heads, dim=1)
