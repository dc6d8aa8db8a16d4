"""The offset is query_length minus key_length, which moves the queries the wrong way.

偏移写成了 query_length − key_length，查询移向了错误的方向。
"""

import torch


def attention_sink_mask(
    query_length: int, key_length: int, num_sinks: int, window: int
) -> torch.Tensor:
    # The queries are the last positions: query i stands at i + Lk - Lq.
    rows = torch.arange(query_length)[:, None] + query_length - key_length
    columns = torch.arange(key_length)
    distance = rows - columns  # (Lq, Lk)
    sink = columns < num_sinks
    near = distance < window
    return (distance >= 0) & (sink | near)
