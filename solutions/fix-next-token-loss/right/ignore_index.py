"""Padding marked for cross-entropy's own ignore_index, classes on the second axis."""

import torch
import torch.nn.functional as F


def next_token_loss(logits: torch.Tensor, tokens: torch.Tensor, lengths: torch.Tensor):
    targets = tokens.roll(-1, dims=1)
    steps = torch.arange(tokens.shape[1]).expand_as(tokens)
    targets = torch.where(steps >= (lengths - 1)[:, None], -100, targets)
    total = F.cross_entropy(logits.transpose(1, 2), targets, ignore_index=-100, reduction="sum")
    return total / max(1, int((targets != -100).sum()))
