"""The causal mask, aligned bottom-right."""

import torch


def causal_mask(query_length: int, key_length: int) -> torch.Tensor:
    # The queries are the last query_length of the key_length positions.
    offset = key_length - query_length
    return torch.ones(query_length, key_length, dtype=torch.bool).tril(offset)
