from collections.abc import Iterable

import torch


def online_softmax(blocks: Iterable[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    # blocks: non-empty (..., n_i) tensors that can be read only once
    # -> maximum (...), sum of exp(x - maximum) (...), both over all blocks
    raise NotImplementedError
