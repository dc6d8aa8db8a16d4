"""The ids are taken to rise, so that an earlier key of no smaller id would be of the same
document.

假定编号递增，认为更早且编号不小于自己的键就属于同一文档。
"""

import torch


def document_mask(document_ids: torch.Tensor) -> torch.Tensor:
    # document_ids (L,) -> (L, L), True where query i may see key j
    length = document_ids.shape[0]
    same = document_ids[:, None] <= document_ids[None, :]
    causal = torch.ones(length, length, dtype=torch.bool, device=document_ids.device).tril()
    return same & causal
