"""Three plain loops."""

import torch


def alibi_bias(num_heads, query_length, key_length):
    bias = torch.full((num_heads, query_length, key_length), float("-inf"))
    for h in range(num_heads):
        slope = 2 ** (-8 * (h + 1) / num_heads)
        for i in range(query_length):
            position = i + key_length - query_length
            for j in range(min(position + 1, key_length)):
                bias[h, i, j] = -slope * (position - j)
    return bias
