"""An additive mask of the lowest number, then zeros where nothing was allowed; a named tuple."""

from typing import NamedTuple, Optional

import torch
import torch.nn.functional as F
from torch import Tensor


class Attention(NamedTuple):
    output: Tensor
    weights: Tensor


def scaled_dot_product_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Optional[Tensor] = None
) -> Attention:
    scale = query.new_tensor(query.shape[-1]).rsqrt()
    scores = torch.matmul(query, key.mT) * scale
    if mask is None:
        weights = F.softmax(scores, dim=-1)
    else:
        low = torch.finfo(scores.dtype).min / 2
        bias = (1.0 - mask.to(scores.dtype)) * low
        weights = F.softmax(scores + bias, dim=-1) * mask
    return Attention(torch.matmul(weights, value), weights)
