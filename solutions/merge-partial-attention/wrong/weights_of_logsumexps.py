"""The parts are weighted by the logsumexps themselves instead of their exponentials (shifted to be
positive).

用 logsumexp 本身（平移为正）而不是它的指数加权。
"""

import torch


def merge_partial_attention(outputs, logsumexps):
    # outputs (S, ..., L, Dv), logsumexps (S, ..., L)
    empty = logsumexps == float("-inf")
    top = logsumexps.detach().amax(dim=0)  # (..., L)
    top = top.masked_fill(top == float("-inf"), 0.0)  # -inf - (-inf) would be NaN
    low = logsumexps.masked_fill(empty, 0.0).amin(dim=0)
    shares = (logsumexps - low + 1.0).masked_fill(empty, 0.0)
    total = shares.sum(dim=0)
    nothing = total == 0
    total = total.masked_fill(nothing, 1.0)

    kept = outputs.masked_fill(empty[..., None], 0.0)  # whatever an empty part holds
    output = (shares[..., None] * kept).sum(dim=0) / total[..., None]
    logsumexp = torch.logsumexp(logsumexps.masked_fill(nothing, 0.0), dim=0).masked_fill(
        nothing, float("-inf")
    )
    return output, logsumexp
