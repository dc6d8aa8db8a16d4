"""Key tiles in the outer loop, as in the paper: their gradients are finished once and joined."""

import torch


def flash_attention_backward(
    query, key, value, output, logsumexp, grad_output, block_size, causal=False
):
    lq, lk, d = query.size(-2), key.size(-2), query.size(-1)
    delta = torch.einsum("...id,...id->...i", grad_output, output)
    dq, dks, dvs = torch.zeros_like(query), [], []
    for j0 in range(0, lk, block_size):
        k, v = key[..., j0 : j0 + block_size, :], value[..., j0 : j0 + block_size, :]
        dk, dv = torch.zeros_like(k), torch.zeros_like(v)
        for i0 in range(0, lq, block_size):
            i1 = min(i0 + block_size, lq)
            if causal and j0 > i1 - 1 + lk - lq:
                continue  # the whole tile lies in the future
            q, do = query[..., i0:i1, :], grad_output[..., i0:i1, :]
            s = torch.einsum("...id,...jd->...ij", q, k) * d**-0.5
            p = torch.exp(s - logsumexp[..., i0:i1].unsqueeze(-1))
            if causal:
                visible = torch.ones(i1 - i0, k.size(-2), dtype=torch.bool)
                p = p.where(visible.tril(i0 + lk - lq - j0), torch.zeros_like(p))
            dv = dv + torch.einsum("...ij,...id->...jd", p, do)
            dp = torch.einsum("...id,...jd->...ij", do, v)
            ds = p * (dp - delta[..., i0:i1].unsqueeze(-1)) * d**-0.5
            dq[..., i0:i1, :] = dq[..., i0:i1, :] + torch.einsum("...ij,...jd->...id", ds, k)
            dk = dk + torch.einsum("...ij,...id->...jd", ds, q)
        dks.append(dk)
        dvs.append(dv)
    return dq, torch.cat(dks, -2), torch.cat(dvs, -2)
