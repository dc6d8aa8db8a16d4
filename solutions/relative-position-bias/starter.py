import torch


def relative_position_bucket(
    relative_position: torch.Tensor,
    num_buckets: int = 32,
    max_distance: int = 128,
    bidirectional: bool = True,
) -> torch.Tensor:
    # relative_position: integers of any shape, key index minus query index
    # -> integers of the same shape in 0 .. num_buckets - 1
    raise NotImplementedError
