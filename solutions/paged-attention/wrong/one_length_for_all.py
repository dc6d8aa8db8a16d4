"""The longest length is used for every sequence, so short ones read behind their end.

所有序列都用最大长度，短序列读到了自己的结尾之后。
"""

import math

import torch


def paged_attention(query, key_pages, value_pages, block_table, lengths):
    # query (B, H, D), pages (P, page_size, Hkv, D), block_table (B, max_blocks), lengths (B,)
    page_size, kv_heads = key_pages.shape[1], key_pages.shape[2]
    batch, heads, dim = query.shape
    outputs = []
    for b in range(batch):
        length = int(lengths.max())
        blocks = block_table[b, : math.ceil(length / page_size)]  # entries behind may be anything
        key = key_pages[blocks].flatten(0, 1)[:length]  # (length, Hkv, D)
        value = value_pages[blocks].flatten(0, 1)[:length]
        q = query[b].reshape(kv_heads, heads // kv_heads, dim)  # consecutive heads share
        scores = torch.einsum("kgd,lkd->kgl", q, key) / math.sqrt(dim)
        weights = torch.softmax(scores, dim=-1)
        outputs.append(torch.einsum("kgl,lkd->kgd", weights, value).flatten(0, 1))
    return torch.stack(outputs)  # a sum over no keys is zero
