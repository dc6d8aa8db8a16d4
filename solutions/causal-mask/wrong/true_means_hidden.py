"""The mask marks what is hidden: True stands for the future, as in nn.MultiheadAttention.

掩码标记的是被屏蔽的位置：True 表示未来，和 nn.MultiheadAttention 的约定一样。
"""

import torch


def causal_mask(query_length: int, key_length: int) -> torch.Tensor:
    # The queries are the last query_length of the key_length positions.
    offset = key_length - query_length
    return ~torch.ones(query_length, key_length, dtype=torch.bool).tril(offset)
