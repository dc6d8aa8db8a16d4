"""The values of empty rows are right, but their gradients are NaN.

空行的数值正确，但梯度是 NaN。
"""

import torch


def merge_partial_attention(outputs, logsumexps):
    # outputs (S, ..., L, Dv), logsumexps (S, ..., L)
    empty = logsumexps == float("-inf")
    top = logsumexps.detach().amax(dim=0)  # (..., L)
    shares = torch.exp(logsumexps - top)  # (S, ..., L)
    total = shares.sum(dim=0)
    nothing = total == 0
    total = total.masked_fill(nothing, 1.0)

    kept = outputs.masked_fill(empty[..., None], 0.0)  # whatever an empty part holds
    output = (shares[..., None] * kept).sum(dim=0) / total[..., None]
    output = torch.nan_to_num(output)
    nothing = empty.all(dim=0)
    logsumexp = (top + total.log()).masked_fill(nothing, float("-inf"))
    return output, logsumexp
