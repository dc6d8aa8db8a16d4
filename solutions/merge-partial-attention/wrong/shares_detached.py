"""The shares are detached, so the logsumexps get no gradient from the output.

份额脱离了计算图，logsumexp 得不到来自 output 的梯度。
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

    kept = outputs.masked_fill(empty[..., None], 0.0)  # whatever an empty part holds
    output = (shares[..., None].detach() * kept).sum(dim=0) / total[..., None].detach()
    logsumexp = (top + total.log()).masked_fill(nothing, float("-inf"))
    return output, logsumexp
