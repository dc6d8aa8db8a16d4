"""Patch attention of the vision transformer (ViT). Dosovitskiy et al., 2020.

Section 3.1, equations 1 and 2: the image is cut into patch x patch squares, each flattened and
projected to one token; a learned class token is put in front, learned positions are added, and
multi-head self-attention runs over all of them, without any mask. Halving the patch's side makes
four times the tokens and sixteen times the attention.
Time O(N d_model^2 + N^2 d_model) for N = 1 + H W / patch^2 tokens, memory O(heads N^2).
"""

import torch
from jaxtyping import Float
from torch import Tensor

from attention.multi_head import merge_heads, split_heads
from attention.scaled_dot_product import scaled_dot_product
from attention.stages import stage

VARIANT = {
    "title": {"en": "ViT patch attention", "zh": "ViT 图像块注意力"},
    "family": "vision",
    "year": 2020,
    "paper": "Dosovitskiy et al., An Image is Worth 16x16 Words: Transformers for Image "
    "Recognition at Scale",
    "url": "https://arxiv.org/abs/2010.11929",
    "parameters": {
        "patch": {"default": 4, "min": 1, "max": 16, "step": 1},
        "num_heads": {"default": 4, "min": 1, "max": 32, "step": 1},
    },
    "sizes": {"channels": 3, "height": 16, "width": 16},
}


def vit_patch(
    image: Float[Tensor, "batch channels height width"],
    patch_weight: Float[Tensor, "model channels*{patch}*{patch}"],
    class_token: Float[Tensor, " model"],
    positions: Float[Tensor, "1+(height//{patch})*(width//{patch}) model"],
    qkv_weight: Float[Tensor, "3*model model"],
    output_weight: Float[Tensor, "model model"],
    patch: int = 4,
    num_heads: int = 4,
) -> tuple[Float[Tensor, "batch tokens model"], Float[Tensor, "batch {num_heads} tokens tokens"]]:
    """Output tokens and weights; token 0 is the class token, the others go row by row."""
    patches = stage("patches", cut(image, patch) @ patch_weight.T)
    first = class_token.expand(len(image), 1, -1)
    tokens = stage("tokens", torch.cat([first, patches], dim=1) + positions)
    parts = (tokens @ qkv_weight.T).chunk(3, dim=-1)
    q, k, v = (split_heads(part, num_heads) for part in parts)
    heads, weights = scaled_dot_product(q, k, v)
    return stage("projected", merge_heads(heads) @ output_weight.T), weights


def cut(
    image: Float[Tensor, "batch channels height width"], patch: int
) -> Float[Tensor, "batch patches channels*{patch}*{patch}"]:
    """Flattened squares, row by row; within one the channels come first, as in a convolution."""
    batch, channels, height, width = image.shape
    if patch < 1 or height % patch or width % patch:
        raise ValueError(f"an image of {height} x {width} has no whole patches of {patch}")
    grid = image.reshape(batch, channels, height // patch, patch, width // patch, patch)
    return grid.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)
