"""The outputs are added, as if they had not been normalised.

把各部分的 output 直接相加，仿佛它们没有归一化过。
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
    output = kept.sum(dim=0)
    logsumexp = (top + total.log()).masked_fill(nothing, float("-inf"))
    return output, logsumexp
