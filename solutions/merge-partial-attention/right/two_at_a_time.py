"""A fold over the parts, as a ring passes them on, with logaddexp."""

import torch


def merge_partial_attention(outputs, logsumexps):
    out = torch.zeros_like(outputs[0])
    lse = torch.full_like(logsumexps[0], -torch.inf)
    for o, x in zip(outputs, logsumexps):
        fresh = x == -torch.inf
        none = fresh & (lse == -torch.inf)
        both = torch.logaddexp(lse.masked_fill(none, 0), x.masked_fill(none, 0))
        old = torch.exp(lse - both).unsqueeze(-1)
        new = torch.exp(x - both).unsqueeze(-1)
        out = out * old + o.masked_fill(fresh.unsqueeze(-1), 0) * new
        lse = both.masked_fill(none, -torch.inf)
    return out, lse
