"""Only the positions within the documents are compared, so documents of like positions see one
another.

只比较文档内的位置，不同文档之间仍互相可见。
"""

import torch


def document_mask(document_ids: torch.Tensor) -> torch.Tensor:
    # document_ids (L,) -> (L, L), True where query i may see key j
    _, counts = torch.unique_consecutive(document_ids, return_counts=True)
    positions = torch.cat([torch.arange(n) for n in counts.tolist()])
    return positions[:, None] >= positions[None, :]
