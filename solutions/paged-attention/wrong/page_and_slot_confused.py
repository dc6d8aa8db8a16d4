"""The slot is taken for the page: position p is sought in table entry p mod max_blocks.

混淆了页与槽：到第 p mod max_blocks 个页表项去找位置 p。
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
        blocks = block_table[b]
        at = torch.arange(length)
        pages, slots = blocks[at % len(blocks)], at // len(blocks)  # entries behind may be anything
        key = key_pages[pages, slots.clamp(max=page_size - 1)]  # (length, Hkv, D)
        value = value_pages[pages, slots.clamp(max=page_size - 1)]
        q = query[b].reshape(kv_heads, heads // kv_heads, dim)  # consecutive heads share
        scores = torch.einsum("kgd,lkd->kgl", q, key) / math.sqrt(dim)
        weights = torch.softmax(scores, dim=-1)
        outputs.append(torch.einsum("kgl,lkd->kgd", weights, value).flatten(0, 1))
    return torch.stack(outputs)  # a sum over no keys is zero
