"""Powers of one ratio, and an additive triangle of -inf over the whole square, cut to the rows."""

import torch


def alibi_bias(num_heads, query_length, key_length):
    n = max(query_length, key_length)
    ratio = 2 ** (-8 / num_heads)
    slopes = torch.tensor([ratio ** (h + 1) for h in range(num_heads)])
    relative = torch.arange(n)[None, :] - torch.arange(n)[:, None]
    future = torch.triu(torch.full((n, n), float("-inf")), diagonal=1)
    square = slopes.view(-1, 1, 1) * relative.clamp(max=0) + future
    return square[:, n - query_length :, n - key_length :]
