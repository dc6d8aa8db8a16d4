"""Triangles: the causal one, less the keys too far back, with the first columns put back."""

import torch


def attention_sink_mask(query_length, key_length, num_sinks, window):
    offset = key_length - query_length
    causal = torch.ones(query_length, key_length, dtype=torch.bool).tril(offset)
    band = causal.triu(offset - window + 1)
    band[:, :num_sinks] = causal[:, :num_sinks]
    return band
