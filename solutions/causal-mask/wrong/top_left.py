"""The triangle starts at the top left, so with a cache the new queries see only its first keys.

三角从左上角开始，带缓存时新查询只能看到最前面的几个键。
"""

import torch


def causal_mask(query_length: int, key_length: int) -> torch.Tensor:
    # The queries are the last query_length of the key_length positions.
    offset = 0
    return torch.ones(query_length, key_length, dtype=torch.bool).tril(offset)
