"""The sinks are counted from the first query, where the cache's first keys are meant.

汇点从第一个查询开始数，而应是缓存中最前面的键。
"""

import torch


def attention_sink_mask(
    query_length: int, key_length: int, num_sinks: int, window: int
) -> torch.Tensor:
    # The queries are the last positions: query i stands at i + Lk - Lq.
    rows = torch.arange(query_length)[:, None] + key_length - query_length
    columns = torch.arange(key_length)
    distance = rows - columns  # (Lq, Lk)
    start = key_length - query_length
    sink = (columns >= start) & (columns < start + num_sinks)
    near = distance < window
    return (distance >= 0) & (sink | near)
