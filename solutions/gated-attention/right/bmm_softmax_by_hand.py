"""One batch axis and a softmax by hand; the gate is multiplied in before the division."""

import torch
from torch.nn.functional import logsigmoid


def gated_attention(query, key, value, gate):
    b, h, lq, d = query.shape
    flat = (x.reshape(b * h, x.size(2), x.size(3)) for x in (query, key, value, gate))
    q, k, v, g = flat
    scores = torch.bmm(q / d**0.5, k.transpose(1, 2))
    e = (scores - scores.max(dim=2, keepdim=True).values).exp()
    mixed = torch.bmm(e, v) * logsigmoid(g).exp() / e.sum(dim=2, keepdim=True)
    return mixed.view(b, h, lq, -1)
