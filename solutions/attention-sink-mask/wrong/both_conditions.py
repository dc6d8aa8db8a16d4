"""Sink and window are joined with and, so only sinks inside the window are seen.

汇点与窗口用“且”连接，只有落在窗口内的汇点才可见。
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
    return (distance >= 0) & (sink & near)
