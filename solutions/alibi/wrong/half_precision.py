"""The distances go through half precision, which holds whole numbers only up to 2048.

距离经过了半精度，而半精度只能准确表示 2048 以内的整数。
"""

import torch


def alibi_bias(num_heads, query_length, key_length):
    heads = torch.arange(1, num_heads + 1)
    slopes = 2.0 ** (-8.0 * heads / num_heads)  # (H,)
    # The queries are the last positions.
    queries = torch.arange(query_length) + key_length - query_length
    distance = queries[:, None] - torch.arange(key_length)  # (Lq, Lk), negative in the future
    bias = slopes[:, None, None] * -distance.half().float()
    return bias.masked_fill(distance < 0, float("-inf"))
