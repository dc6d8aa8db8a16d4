"""Ones of the right length, padded by PyTorch's own helper."""

import torch
from torch.nn.utils.rnn import pad_sequence


def padding_mask(lengths, max_length):
    rows = [torch.ones(int(n), dtype=torch.bool) for n in lengths]
    rows.append(torch.ones(max_length, dtype=torch.bool))  # fixes the padded width
    return pad_sequence(rows, batch_first=True)[:-1, None, None]
