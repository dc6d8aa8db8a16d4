"""Page by page with a running maximum, as a kernel does it; no gathered copy."""

import math

import torch


def paged_attention(query, key_pages, value_pages, block_table, lengths):
    (batch, heads, dim), (_, size, shared, _) = query.shape, key_pages.shape
    rows = []
    for b in range(batch):
        left = lengths[b].item()
        q = query[b].view(shared, heads // shared, dim) / math.sqrt(dim)
        m = q.new_full((*q.shape[:2], 1), -math.inf)
        total, o = torch.zeros_like(m), torch.zeros_like(q)
        block = 0
        while left > 0:
            page = int(block_table[b, block])
            k = key_pages[page, : min(left, size)].transpose(0, 1)  # (Hkv, slots, D)
            v = value_pages[page, : min(left, size)].transpose(0, 1)
            s = q @ k.transpose(1, 2)
            new = torch.maximum(m, s.amax(-1, keepdim=True)).detach()
            p, shrink = (s - new).exp(), (m - new).exp()
            total, o, m = total * shrink + p.sum(-1, keepdim=True), o * shrink + p @ v, new
            left, block = left - size, block + 1
        rows.append((o / total if block else o).reshape(heads, dim))
    return torch.stack(rows)
