"""The mask holds the numbers 0 and 1, which would be added to the scores instead of hiding
anything.

掩码是 0 和 1 的浮点数，只会被加到分数上，并不能屏蔽。
"""

import torch


def document_mask(document_ids: torch.Tensor) -> torch.Tensor:
    # document_ids (L,) -> (L, L), True where query i may see key j
    length = document_ids.shape[0]
    same = document_ids[:, None] == document_ids[None, :]
    causal = torch.ones(length, length, dtype=torch.bool, device=document_ids.device).tril()
    return (same & causal).float()
