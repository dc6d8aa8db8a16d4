"""Token by token from the table, then the fused kernel, with repeated heads."""

import torch
import torch.nn.functional as F


def paged_attention(query, key_pages, value_pages, block_table, lengths):
    size = key_pages.size(1)
    group = query.size(1) // key_pages.size(2)
    out = []
    for q, table, n in zip(query, block_table.tolist(), lengths.tolist()):
        if n == 0:
            out.append(q * 0)
            continue
        where = [(table[p // size], p % size) for p in range(n)]
        k = torch.stack([key_pages[page, slot] for page, slot in where], dim=1)  # (Hkv, n, D)
        v = torch.stack([value_pages[page, slot] for page, slot in where], dim=1)
        k, v = k.repeat_interleave(group, 0), v.repeat_interleave(group, 0)
        out.append(F.scaled_dot_product_attention(q[None, :, None], k[None], v[None])[0, :, 0])
    return torch.stack(out)
