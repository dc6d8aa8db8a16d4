"""The offset is query_length - key_length, so with a cache the first queries see nothing at all.

偏移写成 query_length - key_length，带缓存时前面的查询什么也看不到。
"""

import torch


def causal_mask(query_length: int, key_length: int) -> torch.Tensor:
    # The queries are the last query_length of the key_length positions.
    offset = query_length - key_length
    return torch.ones(query_length, key_length, dtype=torch.bool).tril(offset)
