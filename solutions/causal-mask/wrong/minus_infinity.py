"""An additive mask of 0 and minus infinity is returned instead of booleans.

返回的是由 0 和负无穷组成的加性掩码，而不是布尔值。
"""

import torch


def causal_mask(query_length: int, key_length: int) -> torch.Tensor:
    # The queries are the last query_length of the key_length positions.
    offset = key_length - query_length
    allowed = torch.ones(query_length, key_length, dtype=torch.bool).tril(offset)
    return torch.zeros(query_length, key_length).masked_fill(~allowed, float("-inf"))
