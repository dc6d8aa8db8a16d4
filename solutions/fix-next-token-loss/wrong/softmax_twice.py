"""Cross-entropy is given probabilities and applies the softmax a second time, so the loss never
comes near zero.

交叉熵的输入成了概率，softmax 做了两次，损失永远接近不了零。
"""

import torch
import torch.nn.functional as F


def next_token_loss(logits, tokens, lengths):
    # logits (B, L, V), tokens (B, L), lengths (B,): the last position has no target.
    scores, targets = logits[:, :-1], tokens[:, 1:]
    places = torch.arange(1, tokens.shape[1], device=tokens.device)  # of the targets
    real = places < lengths[:, None]  # (B, L - 1)
    targets = targets.masked_fill(~real, 0)  # padding need not be an id of the vocabulary
    losses = F.cross_entropy(scores.flatten(0, 1).softmax(-1), targets.flatten(), reduction="none")
    return (losses * real.flatten()).sum() / real.sum().clamp(min=1)
