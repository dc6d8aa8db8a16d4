"""The queries are taken for the first positions, so with a cache they see only its beginning.

把查询当成最前面的位置，带缓存时只能看到缓存的开头。
"""

import torch


def attention_sink_mask(
    query_length: int, key_length: int, num_sinks: int, window: int
) -> torch.Tensor:
    # The queries are the last positions: query i stands at i + Lk - Lq.
    rows = torch.arange(query_length)[:, None]
    columns = torch.arange(key_length)
    distance = rows - columns  # (Lq, Lk)
    sink = columns < num_sinks
    near = distance < window
    return (distance >= 0) & (sink | near)
