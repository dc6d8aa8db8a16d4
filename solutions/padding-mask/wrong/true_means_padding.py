"""True marks the padding, as in the key_padding_mask of nn.MultiheadAttention.

True 标记的是填充，和 nn.MultiheadAttention 的 key_padding_mask 一样。
"""

import torch


def padding_mask(lengths: torch.Tensor, max_length: int) -> torch.Tensor:
    positions = torch.arange(max_length, device=lengths.device)  # (max_length,)
    real = positions >= lengths[:, None]  # (B, max_length)
    return real[:, None, None, :]
