"""The output of an empty part is multiplied by zero instead of being ignored, so NaN in it
spreads.

空部分的 output 只是乘以零而没有忽略，其中的 NaN 会扩散。
"""

import torch


def merge_partial_attention(outputs, logsumexps):
    # outputs (S, ..., L, Dv), logsumexps (S, ..., L)
    empty = logsumexps == float("-inf")
    top = logsumexps.detach().amax(dim=0)  # (..., L)
    top = top.masked_fill(top == float("-inf"), 0.0)  # -inf - (-inf) would be NaN
    shares = torch.exp(logsumexps - top)  # (S, ..., L)
    total = shares.sum(dim=0)
    nothing = total == 0
    total = total.masked_fill(nothing, 1.0)

    kept = outputs  # whatever an empty part holds
    output = (shares[..., None] * kept).sum(dim=0) / total[..., None]
    logsumexp = (top + total.log()).masked_fill(nothing, float("-inf"))
    return output, logsumexp
