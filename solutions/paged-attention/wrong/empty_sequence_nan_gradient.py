"""NaN is replaced only after the softmax of added minus infinities, so an empty sequence gives
zeros and a NaN gradient.

加上负无穷之后，到 softmax 结束才替换 NaN，空序列输出为零，梯度却是 NaN。
"""

import math

import torch


def paged_attention(query, key_pages, value_pages, block_table, lengths):
    # query (B, H, D), pages (P, page_size, Hkv, D), block_table (B, max_blocks), lengths (B,)
    (batch, heads, dim), (_, page_size, kv_heads, _) = query.shape, key_pages.shape
    group = heads // kv_heads
    room = block_table.shape[1] * page_size
    valid = torch.arange(room) < lengths[:, None]  # (B, room)
    table = torch.where(valid[:, ::page_size], block_table, 0)
    key = key_pages[table].flatten(1, 2).repeat_interleave(group, dim=2)  # (B, room, H, D)
    value = value_pages[table].flatten(1, 2).repeat_interleave(group, dim=2)
    key = key.masked_fill(~valid[..., None, None], 0.0)
    value = value.masked_fill(~valid[..., None, None], 0.0)
    scores = torch.einsum("bhd,blhd->bhl", query, key) / math.sqrt(dim)
    hidden = ~valid[:, None]
    scores = scores + torch.zeros_like(scores).masked_fill(hidden, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    weights = torch.nan_to_num(weights)
    return torch.einsum("bhl,blhd->bhd", weights, value)
