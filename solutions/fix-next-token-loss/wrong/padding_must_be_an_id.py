"""Padding is left out of the mean but still looked up, so an id of −1 is out of bounds.

填充虽不计入平均值，但仍被当作 id 查找，−1 就越界了。
"""

import torch
import torch.nn.functional as F


def next_token_loss(logits, tokens, lengths):
    # logits (B, L, V), tokens (B, L), lengths (B,): the last position has no target.
    scores, targets = logits[:, :-1], tokens[:, 1:]
    places = torch.arange(1, tokens.shape[1], device=tokens.device)  # of the targets
    real = places < lengths[:, None]  # (B, L - 1)
    losses = F.cross_entropy(scores.flatten(0, 1), targets.flatten(), reduction="none")
    return (losses * real.flatten()).sum() / real.sum().clamp(min=1)
