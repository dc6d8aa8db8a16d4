import torch


def causal_mask(query_length: int, key_length: int) -> torch.Tensor:
    # -> (query_length, key_length) bool, True = may attend
    raise NotImplementedError
