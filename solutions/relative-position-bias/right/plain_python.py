"""One number at a time, with the math module."""

import math

import torch


def bucket_of(relative, num_buckets, max_distance, bidirectional):
    start = 0
    if bidirectional:
        num_buckets //= 2
        if relative > 0:
            start = num_buckets
        distance = abs(relative)
    else:
        distance = max(0, -relative)
    exact = num_buckets // 2
    if distance < exact:
        return start + distance
    ratio = math.log(distance / exact) / math.log(max_distance / exact)
    return start + min(num_buckets - 1, exact + int(ratio * (num_buckets - exact)))


def relative_position_bucket(
    relative_position, num_buckets=32, max_distance=128, bidirectional=True
):
    flat = [
        bucket_of(int(r), num_buckets, max_distance, bidirectional)
        for r in relative_position.reshape(-1)
    ]
    return torch.tensor(flat, dtype=torch.int64).reshape(relative_position.shape)
