import torch


def padding_mask(lengths: torch.Tensor, max_length: int) -> torch.Tensor:
    # lengths: (B,) integers, 0 <= lengths <= max_length
    # -> (B, 1, 1, max_length) bool, True = a real token
    raise NotImplementedError
