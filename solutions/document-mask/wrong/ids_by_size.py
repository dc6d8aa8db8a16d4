"""The ids are compared by size, so a document with a larger id sees the earlier ones.

按大小比较编号，编号较大的文档能看到之前的文档。
"""

import torch


def document_mask(document_ids: torch.Tensor) -> torch.Tensor:
    # document_ids (L,) -> (L, L), True where query i may see key j
    length = document_ids.shape[0]
    same = document_ids[:, None] >= document_ids[None, :]
    causal = torch.ones(length, length, dtype=torch.bool, device=document_ids.device).tril()
    return same & causal
