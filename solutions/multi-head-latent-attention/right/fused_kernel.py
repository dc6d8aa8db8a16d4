"""Both parts joined into one query and one key, the value padded by nothing, the fused kernel."""

import torch
import torch.nn.functional as F
from torch import nn


def rotate_half(x):
    a, b = x.chunk(2, dim=-1)
    return torch.cat((-b, a), dim=-1)


class MultiHeadLatentAttention(nn.Module):
    def __init__(self, d_model, num_heads, head_dim, latent_dim, rope_dim):
        super().__init__()
        self.h, self.d, self.r = num_heads, head_dim, rope_dim

        def lin(a, b):
            return nn.Linear(a, b, bias=False)

        self.query_linear = lin(d_model, num_heads * (head_dim + rope_dim))
        self.kv_down_linear = lin(d_model, latent_dim)
        self.key_rope_linear = lin(d_model, rope_dim)
        self.key_up_linear = lin(latent_dim, num_heads * head_dim)
        self.value_up_linear = lin(latent_dim, num_heads * head_dim)
        self.output_linear = lin(num_heads * head_dim, d_model)

    def rope(self, x):  # (B, heads, L, r)
        inverse = 1.0 / (10000.0 ** (torch.arange(0, self.r, 2, dtype=x.dtype) / self.r))
        angles = torch.arange(x.shape[-2], dtype=x.dtype)[:, None] * inverse
        angles = torch.cat((angles, angles), dim=-1)
        return x * angles.cos() + rotate_half(x) * angles.sin()

    def forward(self, x):
        B, L, _ = x.shape
        q = self.query_linear(x).view(B, L, self.h, self.d + self.r).permute(0, 2, 1, 3)
        q = torch.cat((q[..., : self.d], self.rope(q[..., self.d :])), -1)
        c = self.kv_down_linear(x)
        k = self.key_up_linear(c).view(B, L, self.h, self.d).permute(0, 2, 1, 3)
        kr = self.rope(self.key_rope_linear(x).unsqueeze(1)).expand(-1, self.h, -1, -1)
        k = torch.cat((k, kr), -1)
        v = self.value_up_linear(c).view(B, L, self.h, self.d).permute(0, 2, 1, 3)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.output_linear(y.permute(0, 2, 1, 3).reshape(B, L, -1))
