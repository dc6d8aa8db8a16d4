"""The mask is laid out as (key_length, query_length), with rows for keys.

掩码布局成 (key_length, query_length)，每行对应一个键。
"""

import torch


def causal_mask(query_length: int, key_length: int) -> torch.Tensor:
    # The queries are the last query_length of the key_length positions.
    offset = key_length - query_length
    return torch.ones(query_length, key_length, dtype=torch.bool).tril(offset).T
