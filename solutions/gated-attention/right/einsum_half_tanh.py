"""einsum throughout; sigmoid(x) = (1 + tanh(x / 2)) / 2."""

import torch


def gated_attention(query, key, value, gate):
    scores = torch.einsum("bhid,bhjd->bhij", query, key) * query.shape[-1] ** -0.5
    open_share = (1 + torch.tanh(gate / 2)) / 2
    return torch.einsum("bhij,bhjd,bhid->bhid", scores.softmax(-1), value, open_share)
