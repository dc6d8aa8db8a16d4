"""The weights are applied to the keys instead of the values.

权重乘在了键上，而不是值上。
"""

import math

import torch


def paged_attention(query, key_pages, value_pages, block_table, lengths):
    # query (B, H, D), pages (P, page_size, Hkv, D), block_table (B, max_blocks), lengths (B,)
    page_size, kv_heads = key_pages.shape[1], key_pages.shape[2]
    batch, heads, dim = query.shape
    outputs = []
    for b in range(batch):
        length = int(lengths[b])
        blocks = block_table[b, : math.ceil(length / page_size)]  # entries behind may be anything
        key = key_pages[blocks].flatten(0, 1)[:length]  # (length, Hkv, D)
        value = key_pages[blocks].flatten(0, 1)[:length]
        q = query[b].reshape(kv_heads, heads // kv_heads, dim)  # consecutive heads share
        scores = torch.einsum("kgd,lkd->kgl", q, key) / math.sqrt(dim)
        weights = torch.softmax(scores, dim=-1)
        outputs.append(torch.einsum("kgl,lkd->kgd", weights, value).flatten(0, 1))
    return torch.stack(outputs)  # a sum over no keys is zero
