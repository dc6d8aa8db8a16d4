"""Position t is judged on token t, its own input, so the model learns to copy and the loss falls to
nothing.

第 t 个位置的目标成了它自己的输入，即第 t 个词元，模型学会抄写，损失降到零。
"""

import torch
import torch.nn.functional as F


def next_token_loss(logits, tokens, lengths):
    # logits (B, L, V), tokens (B, L), lengths (B,): the last position has no target.
    scores, targets = logits, tokens
    places = torch.arange(tokens.shape[1], device=tokens.device)
    real = places < lengths[:, None]
    targets = targets.masked_fill(~real, 0)  # padding need not be an id of the vocabulary
    losses = F.cross_entropy(scores.flatten(0, 1), targets.flatten(), reduction="none")
    return (losses * real.flatten()).sum() / real.sum().clamp(min=1)
