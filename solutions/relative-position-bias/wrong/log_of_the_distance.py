"""The logarithm is taken of the distance itself, not of the distance divided by the number of exact
buckets.

对距离本身取对数，而没有先除以精确桶数。
"""

import math

import torch


def relative_position_bucket(
    relative_position, num_buckets=32, max_distance=128, bidirectional=True
):
    if bidirectional:
        num_buckets = num_buckets // 2  # one half for the past, one for the future
        offset = num_buckets * (relative_position > 0).long()
        distance = relative_position.abs()
    else:
        offset = 0
        distance = (-relative_position).clamp(min=0)  # the future counts as distance 0

    exact = num_buckets // 2  # this many distances have a bucket each
    # log(distance / exact) goes from 0 at `exact` to its full value at `max_distance`.
    share = torch.log(distance.clamp(min=1)) / math.log(max_distance / exact)
    far = exact + (share * (num_buckets - exact)).long()
    far = far.clamp(max=num_buckets - 1)
    return offset + torch.where(distance < exact, distance, far)
