"""The bias grows with the key's index instead of the distance: equal after a softmax, but no longer
0 at the query.

偏置取决于键的下标而不是距离：softmax 之后等价，但查询自己的偏置不再是 0。
"""

import torch


def alibi_bias(num_heads, query_length, key_length):
    heads = torch.arange(1, num_heads + 1)
    slopes = 2.0 ** (-8.0 * heads / num_heads)  # (H,)
    # The queries are the last positions.
    queries = torch.arange(query_length) + key_length - query_length
    distance = queries[:, None] - torch.arange(key_length)  # (Lq, Lk), negative in the future
    bias = slopes[:, None, None] * torch.arange(key_length).expand(query_length, -1)
    return bias.masked_fill(distance < 0, float("-inf"))
