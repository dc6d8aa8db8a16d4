"""Future keys get a large negative number instead of minus infinity.

未来的键得到一个很大的负数，而不是负无穷。
"""

import torch


def alibi_bias(num_heads, query_length, key_length):
    heads = torch.arange(1, num_heads + 1)
    slopes = 2.0 ** (-8.0 * heads / num_heads)  # (H,)
    # The queries are the last positions.
    queries = torch.arange(query_length) + key_length - query_length
    distance = queries[:, None] - torch.arange(key_length)  # (Lq, Lk), negative in the future
    bias = slopes[:, None, None] * -distance
    return bias.masked_fill(distance < 0, -1e9)
