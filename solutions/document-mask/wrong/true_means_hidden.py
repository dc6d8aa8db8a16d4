"""True marks what is hidden, as nn.MultiheadAttention has it, so the mask is inverted.

True 表示被屏蔽（nn.MultiheadAttention 的约定），掩码整体取反了。
"""

import torch


def document_mask(document_ids: torch.Tensor) -> torch.Tensor:
    # document_ids (L,) -> (L, L), True where query i may see key j
    length = document_ids.shape[0]
    same = document_ids[:, None] == document_ids[None, :]
    causal = torch.ones(length, length, dtype=torch.bool, device=document_ids.device).tril()
    return ~(same & causal)
