"""The scalar recurrence of the paper, one number of the last axis at a time, with where."""

import torch


def online_softmax(blocks):
    m = d = None
    for block in blocks:
        for x in block.unbind(-1):
            if m is None:
                m = torch.full_like(x, -torch.inf)
                d = torch.zeros_like(x)
            new = torch.where(x > m, x, m)
            base = torch.where(new.isinf(), torch.zeros_like(new), new)
            d = d * (m - base).exp() + (x - base).exp()
            m = new
    return m, d
