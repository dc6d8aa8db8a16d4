"""The sign in the exponent is wrong, so the part with the least weight counts most.

指数的符号反了，权重最小的部分反而占比最大。
"""

import torch


def merge_partial_attention(outputs, logsumexps):
    # outputs (S, ..., L, Dv), logsumexps (S, ..., L)
    empty = logsumexps == float("-inf")
    top = logsumexps.detach().amax(dim=0)  # (..., L)
    top = top.masked_fill(top == float("-inf"), 0.0)  # -inf - (-inf) would be NaN
    shares = torch.exp(top - logsumexps).masked_fill(empty, 0.0)  # (S, ..., L)
    total = shares.sum(dim=0)
    nothing = total == 0
    total = total.masked_fill(nothing, 1.0)

    kept = outputs.masked_fill(empty[..., None], 0.0)  # whatever an empty part holds
    output = (shares[..., None] * kept).sum(dim=0) / total[..., None]
    logsumexp = (top + total.log()).masked_fill(nothing, float("-inf"))
    return output, logsumexp
