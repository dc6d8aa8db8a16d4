"""The window reaches to both sides, so a query sees later keys.

窗口向两侧展开，查询能看到后面的键。
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
    return (sink & (distance >= 0)) | (distance.abs() < window)
