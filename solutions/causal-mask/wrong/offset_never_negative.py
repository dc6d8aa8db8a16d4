"""The offset is clamped at zero, so with more queries than keys the first queries see keys that
come after them.

偏移被截断为非负，查询多于键时，前面的查询看到了在它之后的键。
"""

import torch


def causal_mask(query_length: int, key_length: int) -> torch.Tensor:
    # The queries are the last query_length of the key_length positions.
    offset = max(0, key_length - query_length)
    return torch.ones(query_length, key_length, dtype=torch.bool).tril(offset)
