"""A square mask of query_length is returned, whatever the number of keys.

无论有多少个键，返回的都是 query_length 大小的方阵。
"""

import torch


def causal_mask(query_length: int, key_length: int) -> torch.Tensor:
    # The queries are the last query_length of the key_length positions.
    offset = key_length - query_length
    return torch.ones(query_length, query_length, dtype=torch.bool).tril()
