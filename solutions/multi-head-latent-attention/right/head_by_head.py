"""Head by head with slices of the weights, an additive mask, rotation matrices built position by
position."""

import math

import torch
from torch import nn


class MultiHeadLatentAttention(nn.Module):
    def __init__(self, d_model, num_heads, head_dim, latent_dim, rope_dim):
        nn.Module.__init__(self)
        self.num_heads, self.head_dim, self.rope_dim = num_heads, head_dim, rope_dim
        sizes = {
            "query_linear": (d_model, num_heads * (head_dim + rope_dim)),
            "kv_down_linear": (d_model, latent_dim),
            "key_rope_linear": (d_model, rope_dim),
            "key_up_linear": (latent_dim, num_heads * head_dim),
            "value_up_linear": (latent_dim, num_heads * head_dim),
            "output_linear": (num_heads * head_dim, d_model),
        }
        for name, (wide, out) in sizes.items():
            setattr(self, name, nn.Linear(wide, out, bias=False))

    def rotations(self, length, like):
        r = self.rope_dim
        matrices = torch.zeros(length, r, r, dtype=like.dtype)
        for p in range(length):
            for i in range(r // 2):
                angle, j = p * 10000.0 ** (-2 * i / r), i + r // 2
                matrices[p, i, i] = matrices[p, j, j] = math.cos(angle)
                matrices[p, i, j], matrices[p, j, i] = -math.sin(angle), math.sin(angle)
        return matrices

    def forward(self, x):
        length, d, wide = x.size(1), self.head_dim, self.head_dim + self.rope_dim
        turn = self.rotations(length, x)
        bias = torch.full((length, length), -math.inf, dtype=x.dtype).triu(1)
        latent = self.kv_down_linear(x)
        shared = torch.einsum("pij,bpj->bpi", turn, self.key_rope_linear(x))
        queries, outs = self.query_linear(x), []
        for h in range(self.num_heads):
            q = queries[..., h * wide : (h + 1) * wide]
            k = latent @ self.key_up_linear.weight[h * d : (h + 1) * d].t()
            v = latent @ self.value_up_linear.weight[h * d : (h + 1) * d].t()
            turned = torch.einsum("pij,bpj->bpi", turn, q[..., d:])
            s = q[..., :d] @ k.mT + turned @ shared.mT
            outs.append(torch.softmax(s / math.sqrt(wide) + bias, -1) @ v)
        return self.output_linear(torch.cat(outs, -1))
