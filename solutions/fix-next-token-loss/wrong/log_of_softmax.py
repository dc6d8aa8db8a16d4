"""The logarithm is taken of a softmax that has underflowed to zero, so large logits cost infinity.

对已下溢为零的 softmax 取对数，logits 很大时损失为无穷。
"""

import torch
import torch.nn.functional as F


def next_token_loss(logits, tokens, lengths):
    # logits (B, L, V), tokens (B, L), lengths (B,): the last position has no target.
    scores, targets = logits[:, :-1], tokens[:, 1:]
    places = torch.arange(1, tokens.shape[1], device=tokens.device)  # of the targets
    real = places < lengths[:, None]  # (B, L - 1)
    targets = targets.masked_fill(~real, 0)  # padding need not be an id of the vocabulary
    losses = F.nll_loss(scores.flatten(0, 1).softmax(-1).log(), targets.flatten(), reduction="none")
    return (losses * real.flatten()).sum() / real.sum().clamp(min=1)
