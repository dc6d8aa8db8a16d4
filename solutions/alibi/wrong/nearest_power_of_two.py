"""For a number of heads that is no power of two the slopes of the nearest power are filled up, as
the authors' code does, instead of using the paper's formula.

头数不是 2 的幂时，像作者的代码那样用最近的幂的斜率拼凑，而没有用论文的公式。
"""

import torch


def alibi_bias(num_heads, query_length, key_length):
    lower = 2 ** (num_heads.bit_length() - 1)
    slopes = 2.0 ** (-8.0 * torch.arange(1, lower + 1) / lower)
    double = 2.0 ** (-8.0 * torch.arange(1, 2 * lower + 1) / (2 * lower))
    slopes = torch.cat([slopes, double[0::2][: num_heads - lower]])  # (H,)
    # The queries are the last positions.
    queries = torch.arange(query_length) + key_length - query_length
    distance = queries[:, None] - torch.arange(key_length)  # (Lq, Lk), negative in the future
    bias = slopes[:, None, None] * -distance
    return bias.masked_fill(distance < 0, float("-inf"))
