"""The minimum over the parts is subtracted, so distant parts overflow.

减去的是各部分的最小值，相差悬殊时溢出。
"""

import torch


def merge_partial_attention(outputs, logsumexps):
    # outputs (S, ..., L, Dv), logsumexps (S, ..., L)
    empty = logsumexps == float("-inf")
    top = logsumexps.detach().amin(dim=0)  # (..., L)
    top = top.masked_fill(top == float("-inf"), 0.0)  # -inf - (-inf) would be NaN
    shares = torch.exp(logsumexps - top)  # (S, ..., L)
    total = shares.sum(dim=0)
    nothing = total == 0
    total = total.masked_fill(nothing, 1.0)

    kept = outputs.masked_fill(empty[..., None], 0.0)  # whatever an empty part holds
    output = (shares[..., None] * kept).sum(dim=0) / total[..., None]
    logsumexp = (top + total.log()).masked_fill(nothing, float("-inf"))
    return output, logsumexp
