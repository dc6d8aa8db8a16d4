"""The shares are a softmax of the logsumexps over the parts."""

import torch


def merge_partial_attention(outputs, logsumexps):
    gone = torch.isneginf(logsumexps)
    nothing = gone.all(0)
    lse = logsumexps.masked_fill(nothing, 0.0)
    shares = torch.softmax(lse, dim=0).masked_fill(gone, 0.0)
    outputs = torch.where(gone.unsqueeze(-1), torch.zeros_like(outputs), outputs)
    merged = torch.einsum("s...l,s...ld->...ld", shares, outputs)
    return merged, torch.logsumexp(lse, 0).masked_fill(nothing, float("-inf"))
