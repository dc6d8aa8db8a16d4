"""The triangle is the upper one, so a token sees what comes after it and nothing before.

用了上三角，词元只能看到之后的位置，看不到之前的。
"""

import torch


def document_mask(document_ids: torch.Tensor) -> torch.Tensor:
    # document_ids (L,) -> (L, L), True where query i may see key j
    length = document_ids.shape[0]
    same = document_ids[:, None] == document_ids[None, :]
    causal = torch.ones(length, length, dtype=torch.bool, device=document_ids.device).triu()
    return same & causal
