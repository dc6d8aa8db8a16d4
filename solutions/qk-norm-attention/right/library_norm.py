"""torch's own RMS norm and the fused attention kernel."""

import torch.nn.functional as F


def qk_norm_attention(query, key, value, query_weight, key_weight, eps=1e-6):
    query = F.rms_norm(query, query_weight.shape, query_weight, eps)
    key = F.rms_norm(key, key_weight.shape, key_weight, eps)
    return F.scaled_dot_product_attention(query, key, value)
