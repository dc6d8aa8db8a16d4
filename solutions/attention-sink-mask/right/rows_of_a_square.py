"""The square mask of all positions, of which the last rows are returned."""

import torch


def attention_sink_mask(query_length, key_length, num_sinks, window):
    size = max(query_length, key_length)
    i, j = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    first = size - key_length  # the first key's place in the square
    seen = (j - first < num_sinks).logical_or(i - j < window).logical_and(j <= i)
    return seen[size - query_length :, first:]
