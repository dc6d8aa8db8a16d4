"""The first distance of every bucket in a table, and a search in it."""

import torch


def relative_position_bucket(
    relative_position, num_buckets=32, max_distance=128, bidirectional=True
):
    side = num_buckets // 2 if bidirectional else num_buckets
    near = side // 2
    steps = torch.arange(side - near, dtype=torch.float64) / (side - near)
    edges = near * (max_distance / near) ** steps  # first distance of each logarithmic bucket
    starts = torch.cat([torch.arange(near, dtype=torch.float64), edges])
    past = -relative_position
    distance = past.abs() if bidirectional else past.clamp_min(0)
    bucket = torch.searchsorted(starts, distance.double(), right=True) - 1
    if bidirectional:
        bucket = torch.where(relative_position > 0, bucket + side, bucket)
    return bucket
