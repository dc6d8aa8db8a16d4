"""Each query sees from the start of its document, found with a running maximum, to itself."""

import torch


def document_mask(document_ids):
    index = torch.arange(len(document_ids), device=document_ids.device)
    first = torch.ones_like(document_ids, dtype=torch.bool)
    first[1:] = document_ids[1:] != document_ids[:-1]
    start = torch.cummax(torch.where(first, index, 0), dim=0).values
    return (index >= start[:, None]) & (index <= index[:, None])
