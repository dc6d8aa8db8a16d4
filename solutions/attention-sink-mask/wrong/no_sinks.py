"""Only the window is kept, so the first keys drop out of sight, which is what breaks streaming
models.

只保留了窗口，最前面的键会移出视野，这正是流式推理崩溃的原因。
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
    return (distance >= 0) & near
