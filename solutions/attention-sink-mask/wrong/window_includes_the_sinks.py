"""The sinks are taken out of the window, as if `window` were the size of the whole cache.

汇点占用了窗口的名额，仿佛 `window` 是整个缓存的大小。
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
    near = distance < max(1, window - num_sinks)
    return (distance >= 0) & (sink | near)
