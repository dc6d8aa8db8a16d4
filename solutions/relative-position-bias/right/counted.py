"""Buckets as counts: how many later buckets has this distance already reached?"""

import torch


def relative_position_bucket(
    relative_position, num_buckets=32, max_distance=128, bidirectional=True
):
    if bidirectional:
        half = num_buckets // 2
        back = relative_position_bucket(-relative_position.abs(), half, max_distance, False)
        return back + half * relative_position.gt(0)
    exact, distance = num_buckets // 2, torch.relu(-relative_position)
    bucket = torch.zeros_like(distance)
    for k in range(1, num_buckets):
        if k < exact:
            start = float(k)
        else:
            start = exact * (max_distance / exact) ** ((k - exact) / (num_buckets - exact))
        bucket += (distance >= start).to(bucket.dtype)
    return bucket
