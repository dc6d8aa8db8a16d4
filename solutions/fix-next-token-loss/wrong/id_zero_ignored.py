"""Padding is replaced by id 0 and id 0 ignored, so that real tokens of id 0 do not count either.

把填充换成 id 0 并忽略 0，真实的 id 为 0 的词元也不再计入。
"""

import torch
import torch.nn.functional as F


def next_token_loss(logits, tokens, lengths):
    # logits (B, L, V), tokens (B, L), lengths (B,): the last position has no target.
    scores, targets = logits[:, :-1], tokens[:, 1:]
    places = torch.arange(1, tokens.shape[1], device=tokens.device)  # of the targets
    real = places < lengths[:, None]  # (B, L - 1)
    targets = targets.masked_fill(~real, 0)  # padding need not be an id of the vocabulary
    losses = F.cross_entropy(
        scores.flatten(0, 1), targets.flatten(), ignore_index=0, reduction="none"
    )
    return losses.sum() / (targets != 0).sum().clamp(min=1)
