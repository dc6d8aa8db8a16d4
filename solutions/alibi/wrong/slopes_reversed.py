"""The slopes are in reverse order: the first head gets the smallest.

斜率的顺序颠倒：第一个头得到最小的斜率。
"""

import torch


def alibi_bias(num_heads, query_length, key_length):
    heads = torch.arange(1, num_heads + 1)
    slopes = 2.0 ** (-8.0 * heads / num_heads)  # (H,)
    slopes = slopes.flip(0)
    # The queries are the last positions.
    queries = torch.arange(query_length) + key_length - query_length
    distance = queries[:, None] - torch.arange(key_length)  # (Lq, Lk), negative in the future
    bias = slopes[:, None, None] * -distance
    return bias.masked_fill(distance < 0, float("-inf"))
