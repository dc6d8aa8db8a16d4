"""The fused kernel on queries of zeros: its additive mask carries the capped scores."""

import torch
import torch.nn.functional as F


def soft_capped_attention(query, key, value, cap):
    scores = query @ key.mT * query.shape[-1] ** -0.5
    bias = torch.tanh(scores / cap) * cap
    return F.scaled_dot_product_attention(
        torch.zeros_like(query), torch.zeros_like(key), value, attn_mask=bias
    )
