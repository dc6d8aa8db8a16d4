"""The whole batch at once: garbage entries are replaced before the gather, garbage slots after."""

import torch


def paged_attention(query, key_pages, value_pages, block_table, lengths):
    b, h, d = query.shape
    _, size, hkv, _ = key_pages.shape
    room = block_table.shape[1] * size
    valid = torch.arange(room)[None, :] < lengths[:, None]  # (B, room)
    used = valid[:, ::size]  # a block is used if its first slot is
    table = torch.where(used, block_table, torch.zeros_like(block_table))

    def gather(pages):
        flat = pages[table].reshape(b, room, hkv, -1)
        flat = torch.where(valid[:, :, None, None], flat, torch.zeros_like(flat))
        return flat.repeat_interleave(h // hkv, dim=2).permute(0, 2, 1, 3)  # (B, H, room, D)

    scores = (gather(key_pages) @ query.unsqueeze(-1)).squeeze(-1) * d**-0.5
    hidden = ~valid[:, None, :]
    top = scores.masked_fill(hidden, float("-inf")).amax(-1, keepdim=True)
    top = torch.where(torch.isinf(top), torch.zeros_like(top), top).detach()
    e = torch.exp((scores - top).masked_fill(hidden, float("-inf")))
    total = e.sum(-1, keepdim=True)
    weights = e / torch.where(total == 0, torch.ones_like(total), total)
    return (weights.unsqueeze(-2) @ gather(value_pages)).squeeze(-2)
