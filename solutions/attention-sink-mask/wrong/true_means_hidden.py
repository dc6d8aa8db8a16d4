"""True marks what is hidden, as nn.MultiheadAttention has it, so the mask is inverted.

True 表示被屏蔽（nn.MultiheadAttention 的约定），掩码整体取反了。
"""

import torch


def attention_sink_mask(
    query_length: int, key_length: int, num_sinks: int, window: int
) -> torch.Tensor:
    # The queries are the last positions: query i stands at i + Lk - Lq.
    rows = torch.arange(query_length)[:, None] + key_length - query_length
    columns = torch.arange(key_length)
    distance = rows - columns  # (Lq, Lk)
    sink = columns < num_sinks
    near = distance < window
    return ~((distance >= 0) & (sink | near))
