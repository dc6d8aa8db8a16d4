"""Rows and columns are exchanged: the distance is counted from the key to the query.

行与列弄反了：距离是从键到查询计算的。
"""

import torch


def attention_sink_mask(
    query_length: int, key_length: int, num_sinks: int, window: int
) -> torch.Tensor:
    # The queries are the last positions: query i stands at i + Lk - Lq.
    rows = torch.arange(query_length)[:, None] + key_length - query_length
    columns = torch.arange(key_length)
    distance = columns - rows  # (Lq, Lk)
    sink = columns < num_sinks
    near = distance < window
    return (distance >= 0) & (sink | near)
