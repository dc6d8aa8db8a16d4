"""The mask is one of zeros and minus infinities to be added, where booleans are asked for.

返回的是要加到分数上的 0 与负无穷，而题目要求布尔值。
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
    seen = (distance >= 0) & (sink | near)
    return torch.zeros(query_length, key_length).masked_fill(~seen, float("-inf"))
