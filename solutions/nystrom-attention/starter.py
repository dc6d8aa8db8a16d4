import torch


def nystrom_attention(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, num_landmarks: int
) -> torch.Tensor:
    # query, key: (B, H, L, D), value: (B, H, L, Dv) -> (B, H, L, Dv)
    # a length that num_landmarks does not divide raises ValueError
    raise NotImplementedError
