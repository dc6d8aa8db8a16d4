"""Sums with a maximum clamped to the lowest number, parts in a Python loop."""

import torch


def merge_partial_attention(outputs, logsumexps):
    low = torch.finfo(logsumexps.dtype).min
    m = logsumexps.max(dim=0).values.clamp(min=low)
    top, bottom = 0.0, 0.0
    for s in range(outputs.size(0)):
        w = torch.exp(logsumexps[s] - m)
        part = torch.where((w > 0)[..., None], outputs[s], torch.zeros_like(outputs[s]))
        top = top + w[..., None] * part
        bottom = bottom + w
    safe = torch.where(bottom > 0, bottom, torch.ones_like(bottom))
    lse = torch.where(bottom > 0, m + torch.log(safe), torch.full_like(m, -torch.inf))
    return top / safe[..., None], lse
