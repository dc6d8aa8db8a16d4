"""Only the first document is set apart, so all the later ones see one another.

只隔开了第一篇文档，后面的文档彼此可见。
"""

import torch


def document_mask(document_ids: torch.Tensor) -> torch.Tensor:
    # document_ids (L,) -> (L, L), True where query i may see key j
    length = document_ids.shape[0]
    first = document_ids == document_ids[0]
    same = first[:, None] == first[None, :]
    causal = torch.ones(length, length, dtype=torch.bool, device=document_ids.device).tril()
    return same & causal
