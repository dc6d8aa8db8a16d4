import torch


def softmax(x: torch.Tensor, dim: int) -> torch.Tensor:
    # x: any shape, dim: the axis that sums to one -> same shape
    raise NotImplementedError
