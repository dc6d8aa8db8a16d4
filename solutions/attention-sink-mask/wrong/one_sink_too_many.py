"""Keys up to and including index num_sinks are kept, one sink too many.

把下标为 num_sinks 的键也保留了，多了一个汇点。
"""

import torch


def attention_sink_mask(
    query_length: int, key_length: int, num_sinks: int, window: int
) -> torch.Tensor:
    # The queries are the last positions: query i stands at i + Lk - Lq.
    rows = torch.arange(query_length)[:, None] + key_length - query_length
    columns = torch.arange(key_length)
    distance = rows - columns  # (Lq, Lk)
    sink = columns <= num_sinks
    near = distance < window
    return (distance >= 0) & (sink | near)
