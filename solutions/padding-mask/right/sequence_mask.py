"""A range repeated for every item and compared in four dimensions."""

import torch


def padding_mask(lengths, max_length):
    steps = torch.arange(max_length, dtype=lengths.dtype).repeat(lengths.size(0), 1)
    return steps.view(-1, 1, 1, max_length).lt(lengths.view(-1, 1, 1, 1))
