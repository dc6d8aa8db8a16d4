"""With unequal lengths the queries are taken for the first positions instead of the last.

长度不等时，查询被当作最前面的位置，而不是最后的位置。
"""

import torch


def alibi_bias(num_heads, query_length, key_length):
    heads = torch.arange(1, num_heads + 1)
    slopes = 2.0 ** (-8.0 * heads / num_heads)  # (H,)
    # The queries are the last positions.
    queries = torch.arange(query_length)
    distance = queries[:, None] - torch.arange(key_length)  # (Lq, Lk), negative in the future
    bias = slopes[:, None, None] * -distance
    return bias.masked_fill(distance < 0, float("-inf"))
