"""With more queries than keys the offset is cut off at zero, so the first queries see keys.

查询多于键时偏移被截为零，最前面的查询仍能看到键。
"""

import torch


def attention_sink_mask(
    query_length: int, key_length: int, num_sinks: int, window: int
) -> torch.Tensor:
    # The queries are the last positions: query i stands at i + Lk - Lq.
    rows = torch.arange(query_length)[:, None] + max(0, key_length - query_length)
    columns = torch.arange(key_length)
    distance = rows - columns  # (Lq, Lk)
    sink = columns < num_sinks
    near = distance < window
    return (distance >= 0) & (sink | near)
