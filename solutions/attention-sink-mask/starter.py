import torch


def attention_sink_mask(
    query_length: int, key_length: int, num_sinks: int, window: int
) -> torch.Tensor:
    # -> (query_length, key_length) bool, True = may attend
    raise NotImplementedError
