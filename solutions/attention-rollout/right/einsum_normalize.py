"""einsum throughout, rows divided by their L1 norm."""

import torch
import torch.nn.functional as F


def attention_rollout(weights):
    n = weights.size(-1)
    mean = torch.einsum("lbhij->lbij", weights) / weights.size(2)
    mixed = torch.lerp(mean, torch.eye(n, dtype=mean.dtype).expand_as(mean), 0.5)
    mixed = F.normalize(mixed, p=1, dim=-1)
    out = mixed[0]
    for layer in range(1, len(mixed)):
        out = torch.einsum("bij,bjk->bik", mixed[layer], out)
    return out
