"""Only the very first key is kept as a sink, whatever `num_sinks` says.

无论 `num_sinks` 是多少，都只保留第一个键。
"""

import torch


def attention_sink_mask(
    query_length: int, key_length: int, num_sinks: int, window: int
) -> torch.Tensor:
    # The queries are the last positions: query i stands at i + Lk - Lq.
    rows = torch.arange(query_length)[:, None] + key_length - query_length
    columns = torch.arange(key_length)
    distance = rows - columns  # (Lq, Lk)
    sink = columns < min(1, num_sinks)
    near = distance < window
    return (distance >= 0) & (sink | near)
