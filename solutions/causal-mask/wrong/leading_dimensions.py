"""Batch and head dimensions of size one are added, so the mask is not two-dimensional.

多加了大小为 1 的批和头的维度，掩码不是二维的。
"""

import torch


def causal_mask(query_length: int, key_length: int) -> torch.Tensor:
    # The queries are the last query_length of the key_length positions.
    offset = key_length - query_length
    return torch.ones(query_length, key_length, dtype=torch.bool).tril(offset)[None, None]
