"""Two plain loops over Python numbers."""

import torch


def document_mask(document_ids):
    ids = document_ids.tolist()
    rows = [[ids[j] == ids[i] and j <= i for j in range(len(ids))] for i in range(len(ids))]
    return torch.tensor(rows, dtype=torch.bool)
