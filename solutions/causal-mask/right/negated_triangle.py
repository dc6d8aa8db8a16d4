"""The complement of the strict upper triangle of integers."""

import torch


def causal_mask(query_length, key_length):
    future = torch.triu(
        torch.ones((query_length, key_length), dtype=torch.int64),
        diagonal=key_length - query_length + 1,
    )
    return future == 0
