"""A change of id is noticed one token late, so the first token of a document counts to the one
before.

晚一个词元才察觉编号变化，文档的第一个词元被算进前一篇。
"""

import torch


def document_mask(document_ids: torch.Tensor) -> torch.Tensor:
    # document_ids (L,) -> (L, L), True where query i may see key j
    length = document_ids.shape[0]
    shifted = torch.cat([document_ids[:1], document_ids[:-1]])
    same = shifted[:, None] == shifted[None, :]
    causal = torch.ones(length, length, dtype=torch.bool, device=document_ids.device).tril()
    return same & causal
