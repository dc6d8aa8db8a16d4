import torch


def document_mask(document_ids: torch.Tensor) -> torch.Tensor:
    # document_ids: (L,) integers -> (L, L) bool, True = may attend
    raise NotImplementedError
