"""The classes are brought to the second axis by view instead of transpose, which mixes positions
and classes.

用 view 而不是 transpose 把类别换到第二维，位置与类别混在一起。
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
        scores.reshape(scores.shape[0], scores.shape[2], -1), targets, reduction="none"
    ).flatten()
    return (losses * real.flatten()).sum() / real.sum().clamp(min=1)
