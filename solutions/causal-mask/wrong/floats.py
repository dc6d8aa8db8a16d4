"""Ones and zeros are returned as floats instead of booleans.

返回的是浮点数 0 和 1，而不是布尔值。
"""

import torch


def causal_mask(query_length: int, key_length: int) -> torch.Tensor:
    # The queries are the last query_length of the key_length positions.
    offset = key_length - query_length
    return torch.ones(query_length, key_length).tril(offset)
