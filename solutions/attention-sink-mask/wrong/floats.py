"""The mask holds the numbers 0 and 1, which would be added to the scores instead of hiding
anything.

掩码是 0 和 1 的浮点数，只会被加到分数上，并不能屏蔽。
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
    return ((distance >= 0) & (sink | near)).float()
