"""The last real token is left out, as if lengths were the index of the last token.

漏掉了最后一个真实词元，像是把长度当成了最后一个下标。
"""

import torch


def padding_mask(lengths: torch.Tensor, max_length: int) -> torch.Tensor:
    positions = torch.arange(max_length, device=lengths.device)  # (max_length,)
    real = positions < lengths[:, None] - 1  # (B, max_length)
    return real[:, None, None, :]
