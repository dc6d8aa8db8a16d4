"""The diagonal is one too far to the right, so every query sees the next position.

对角线右移了一位，每个查询都能看到下一个位置。
"""

import torch


def causal_mask(query_length: int, key_length: int) -> torch.Tensor:
    # The queries are the last query_length of the key_length positions.
    offset = key_length - query_length + 1
    return torch.ones(query_length, key_length, dtype=torch.bool).tril(offset)
