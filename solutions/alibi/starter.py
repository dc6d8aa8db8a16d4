import torch


def alibi_bias(num_heads: int, query_length: int, key_length: int) -> torch.Tensor:
    # -> (H, Lq, Lk), float32: -slope * distance for the past, 0 for itself, -inf for the future
    raise NotImplementedError
