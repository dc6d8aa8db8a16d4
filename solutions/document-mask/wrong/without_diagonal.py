"""The triangle excludes the diagonal, so a token does not see itself and first tokens see
nothing.

三角不含对角线，词元看不到自己，文档的第一个词元什么也看不到。
"""

import torch


def document_mask(document_ids: torch.Tensor) -> torch.Tensor:
    # document_ids (L,) -> (L, L), True where query i may see key j
    length = document_ids.shape[0]
    same = document_ids[:, None] == document_ids[None, :]
    causal = torch.ones(length, length, dtype=torch.bool, device=document_ids.device).tril(-1)
    return same & causal
