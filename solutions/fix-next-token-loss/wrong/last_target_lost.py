"""The mask is shifted twice, so the last real token of every sequence is no target.

掩码错开了两次，每个序列的最后一个真实词元不再是目标。
"""

import torch
import torch.nn.functional as F


def next_token_loss(logits, tokens, lengths):
    # logits (B, L, V), tokens (B, L), lengths (B,): the last position has no target.
    scores, targets = logits[:, :-1], tokens[:, 1:]
    places = torch.arange(1, tokens.shape[1], device=tokens.device)  # of the targets
    real = places < lengths[:, None] - 1  # (B, L - 1)
    targets = targets.masked_fill(~real, 0)  # padding need not be an id of the vocabulary
    losses = F.cross_entropy(scores.flatten(0, 1), targets.flatten(), reduction="none")
    return (losses * real.flatten()).sum() / real.sum().clamp(min=1)
