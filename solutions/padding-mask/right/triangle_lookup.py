"""Rows of a triangular table: row n has n True entries."""

import torch


def padding_mask(lengths, max_length):
    table = torch.ones(max_length + 1, max_length, dtype=torch.bool).tril(-1)
    return table[lengths.long()].reshape(-1, 1, 1, max_length)
