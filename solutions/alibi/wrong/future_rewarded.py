"""The future is left as the formula gives it: keys ahead get a positive bias.

未来的键直接沿用公式，得到了正的偏置。
"""

import torch


def alibi_bias(num_heads, query_length, key_length):
    heads = torch.arange(1, num_heads + 1)
    slopes = 2.0 ** (-8.0 * heads / num_heads)  # (H,)
    # The queries are the last positions.
    queries = torch.arange(query_length) + key_length - query_length
    distance = queries[:, None] - torch.arange(key_length)  # (Lq, Lk), negative in the future
    bias = slopes[:, None, None] * -distance
    return bias
