"""The upper triangle is kept, with rows and columns confused, so a query sees what comes after it.

把行和列弄混，保留了上三角，查询看到的是之后的位置。
"""

import torch


def causal_mask(query_length: int, key_length: int) -> torch.Tensor:
    # The queries are the last query_length of the key_length positions.
    offset = key_length - query_length
    return torch.ones(query_length, key_length, dtype=torch.bool).triu(offset)
