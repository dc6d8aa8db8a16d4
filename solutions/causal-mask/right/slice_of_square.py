"""The last rows of a square triangle; rows before the first key are empty."""

import torch


def causal_mask(query_length, key_length):
    n = max(query_length, key_length)
    square = torch.tril(torch.ones(n, n)).bool()
    return square[n - query_length :, n - key_length :]
