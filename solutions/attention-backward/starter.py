import torch


def attention_backward(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, grad_output: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    # query: (..., Lq, D), key: (..., Lk, D), value: (..., Lk, Dv), grad_output: (..., Lq, Dv)
    # -> grad_query, grad_key, grad_value, shaped as query, key and value; no autograd
    raise NotImplementedError
