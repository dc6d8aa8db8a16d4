"""One row at a time, filled up to its length."""

import torch


def padding_mask(lengths, max_length):
    mask = torch.zeros(len(lengths), max_length, dtype=torch.bool)
    for row, n in zip(mask, lengths.tolist()):
        row[:n] = True
    return mask.unsqueeze(1).unsqueeze(1)
