"""Each sequence is averaged by itself first, so tokens of short sequences weigh more.

先对每个序列各自求平均，短序列的词元权重变大。
"""

import torch
import torch.nn.functional as F


def next_token_loss(logits, tokens, lengths):
    # logits (B, L, V), tokens (B, L), lengths (B,): the last position has no target.
    scores, targets = logits[:, :-1], tokens[:, 1:]
    places = torch.arange(1, tokens.shape[1], device=tokens.device)  # of the targets
    real = places < lengths[:, None]  # (B, L - 1)
    targets = targets.masked_fill(~real, 0)  # padding need not be an id of the vocabulary
    losses = F.cross_entropy(scores.flatten(0, 1), targets.flatten(), reduction="none")
    sums = (losses.view(real.shape) * real).sum(1)
    means = sums / real.sum(1).clamp(min=1)
    return means.sum() / real.any(1).sum().clamp(min=1)
