"""One triangle per run of equal ids, laid on the diagonal."""

import torch


def document_mask(document_ids):
    _, counts = torch.unique_consecutive(document_ids, return_counts=True)
    blocks = [torch.ones(n, n).tril() for n in counts.tolist()]
    return torch.block_diag(*blocks).bool()
