"""Both pairs on a new leading axis, one softmax, and (1, -lam) contracted away."""

import torch


def differential_attention(query1, key1, query2, key2, value, lam):
    q, k = torch.stack((query1, query2)), torch.stack((key1, key2))
    maps = torch.einsum("pbhid,pbhjd->pbhij", q, k).mul(q.shape[-1] ** -0.5).softmax(-1)
    one = torch.ones((), dtype=value.dtype)
    signs = torch.stack((one, -torch.as_tensor(lam, dtype=value.dtype)))
    return torch.einsum("p,pbhij,bhjd->bhid", signs, maps, value)
