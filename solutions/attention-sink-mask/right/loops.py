"""Row by row, writing slices."""

import torch


def attention_sink_mask(query_length, key_length, num_sinks, window):
    mask = torch.zeros(query_length, key_length, dtype=torch.bool)
    for i in range(query_length):
        end = key_length - query_length + i + 1
        if end > 0:
            mask[i, : min(num_sinks, end)] = True
            mask[i, max(0, end - window) : end] = True
    return mask
