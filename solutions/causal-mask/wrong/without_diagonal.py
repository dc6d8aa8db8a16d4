"""The diagonal is left out, so no query sees itself.

漏掉了对角线，查询看不到自己。
"""

import torch


def causal_mask(query_length: int, key_length: int) -> torch.Tensor:
    # The queries are the last query_length of the key_length positions.
    offset = key_length - query_length - 1
    return torch.ones(query_length, key_length, dtype=torch.bool).tril(offset)
