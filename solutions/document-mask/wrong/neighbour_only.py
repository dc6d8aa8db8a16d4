"""A token sees only itself and its direct neighbour, not the whole of its document so far.

词元只能看到自己和相邻的前一个，看不到本文档中更早的部分。
"""

import torch


def document_mask(document_ids: torch.Tensor) -> torch.Tensor:
    # document_ids (L,) -> (L, L), True where query i may see key j
    length = document_ids.shape[0]
    same = document_ids[:, None] == document_ids[None, :]
    causal = torch.ones(length, length, dtype=torch.bool, device=document_ids.device).tril()
    return same & causal & ~causal.tril(-2)
