"""Ids that differ by one count as the same document, so each document reads the one before it.

编号相差 1 也算同一文档，每篇文档都能读到前一篇。
"""

import torch


def document_mask(document_ids: torch.Tensor) -> torch.Tensor:
    # document_ids (L,) -> (L, L), True where query i may see key j
    length = document_ids.shape[0]
    same = (document_ids[:, None] - document_ids[None, :]).abs() <= 1
    causal = torch.ones(length, length, dtype=torch.bool, device=document_ids.device).tril()
    return same & causal
