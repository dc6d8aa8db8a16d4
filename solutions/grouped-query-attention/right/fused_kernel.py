"""The fused kernel with enable_gqa."""

import torch.nn.functional as F


def grouped_query_attention(query, key, value, mask=None):
    if query.size(1) % key.size(1) != 0:
        raise ValueError("query heads must be a multiple of key-value heads")
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask, enable_gqa=True)
