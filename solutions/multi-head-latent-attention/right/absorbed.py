"""The absorbed form: queries move into the latent space, and no key or value is ever made."""

import torch
from torch import nn


class MultiHeadLatentAttention(nn.Module):
    def __init__(self, d_model, num_heads, head_dim, latent_dim, rope_dim):
        super().__init__()
        self.dims = num_heads, head_dim, latent_dim, rope_dim
        self.output_linear = nn.Linear(num_heads * head_dim, d_model, bias=False)
        self.value_up_linear = nn.Linear(latent_dim, num_heads * head_dim, bias=False)
        self.key_up_linear = nn.Linear(latent_dim, num_heads * head_dim, bias=False)
        self.key_rope_linear = nn.Linear(d_model, rope_dim, bias=False)
        self.kv_down_linear = nn.Linear(d_model, latent_dim, bias=False)
        self.query_linear = nn.Linear(d_model, num_heads * (head_dim + rope_dim), bias=False)

    @staticmethod
    def turn(x, axis):
        n, d = x.shape[axis], x.shape[-1]
        angle = torch.outer(
            torch.arange(n).double(), 10000 ** (-torch.arange(0, d, 2).double() / d)
        )
        pairs = torch.complex(x[..., : d // 2], x[..., d // 2 :])
        shape = [1] * x.dim()
        shape[axis], shape[-1] = n, d // 2
        turned = pairs * torch.polar(torch.ones_like(angle), angle).view(shape).to(pairs.dtype)
        return torch.cat((turned.real, turned.imag), dim=-1)

    def forward(self, x):
        h, d, c, r = self.dims
        b, n, _ = x.shape
        q = self.query_linear(x).view(b, n, h, d + r)
        latent, shared = self.kv_down_linear(x), self.turn(self.key_rope_linear(x), 1)
        up = self.key_up_linear.weight.view(h, d, c)
        in_latent = torch.einsum("bihd,hdc->bihc", q[..., :d], up)
        s = torch.einsum("bihc,bjc->bhij", in_latent, latent)
        s = s + torch.einsum("bihr,bjr->bhij", self.turn(q[..., d:], 1), shared)
        s = s * (d + r) ** -0.5
        s = s.masked_fill(torch.arange(n)[None, :] > torch.arange(n)[:, None], float("-inf"))
        mixed = torch.einsum("bhij,bjc->bihc", s.softmax(-1), latent)
        out = torch.einsum("bihc,hdc->bihd", mixed, self.value_up_linear.weight.view(h, d, c))
        return self.output_linear(out.reshape(b, n, h * d))
