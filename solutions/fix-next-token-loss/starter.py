import torch
import torch.nn.functional as F


def next_token_loss(logits, tokens, lengths):
    # logits (B, L, V), tokens (B, L), lengths (B,)
    real = torch.arange(tokens.shape[1], device=tokens.device) < lengths[:, None]
    losses = F.cross_entropy(logits.flatten(0, 1), tokens.flatten(), reduction="none")
    return (losses * real.flatten()).mean()
