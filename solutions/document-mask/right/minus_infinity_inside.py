"""An additive mask of minus infinity, turned into booleans at the end."""

import torch


def document_mask(document_ids):
    bias = torch.full((len(document_ids),) * 2, float("-inf")).triu(1)
    bias = bias.masked_fill(document_ids.unsqueeze(1).ne(document_ids.unsqueeze(0)), float("-inf"))
    return torch.isfinite(bias)
