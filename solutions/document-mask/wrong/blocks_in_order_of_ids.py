"""The blocks are laid in the order of the ids and not of the sequence, so they meet the wrong
tokens.

按编号顺序而不是序列顺序摆放各块，块与词元对不上。
"""

import torch


def document_mask(document_ids: torch.Tensor) -> torch.Tensor:
    # document_ids (L,) -> (L, L), True where query i may see key j
    counts = torch.bincount(document_ids).tolist()
    return torch.block_diag(*[torch.ones(n, n).tril() for n in counts if n]).bool()
