"""Two plain loops."""

import torch


def causal_mask(query_length, key_length):
    mask = torch.zeros(query_length, key_length, dtype=torch.bool)
    for i in range(query_length):
        for j in range(key_length):
            mask[i, j] = j - i <= key_length - query_length
    return mask
