"""Shifted-window attention. Liu et al., Swin Transformer, 2021 (section 3.2).

Attention inside windows of window x window patches costs linear time in the image's size. To
connect the windows, every second layer shifts them by half a window: the image is rolled, so there
are as many windows as before, and those that now hold pieces from opposite borders get a mask that
keeps the pieces apart. The main function masks the whole matrix, to be looked at; `by_windows`
computes the same window by window. The relative position bias is left out.
Time O(N^2 d) and memory O(N^2) with all weights for N = height * width; O(N window^2 d) and
O(N window^2) by windows.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from attention.scaled_dot_product import masked_softmax, scaled_dot_product

VARIANT = {
    "title": {"en": "Shifted-window attention (Swin)", "zh": "移位窗口注意力（Swin）"},
    "family": "vision",
    "year": 2021,
    "paper": "Liu et al., Swin Transformer: Hierarchical Vision Transformer using Shifted Windows",
    "url": "https://arxiv.org/abs/2103.14030",
    "parameters": {
        "height": {"default": 4, "min": 1, "max": 32, "step": 1},
        "width": {"default": 4, "min": 1, "max": 32, "step": 1},
        "window": {"default": 2, "min": 1, "max": 16, "step": 1},
        "shift": {"default": 1, "min": 0, "max": 15, "step": 1},
    },
}


def shifted_window(
    query: Float[Tensor, "batch heads {height}*{width} dim"],
    key: Float[Tensor, "batch heads {height}*{width} dim"],
    value: Float[Tensor, "batch heads {height}*{width} value_dim"],
    height: int = 4,
    width: int = 4,
    window: int = 2,
    shift: int = 1,
) -> tuple[
    Float[Tensor, "batch heads {height}*{width} value_dim"],
    Float[Tensor, "batch heads {height}*{width} {height}*{width}"],
]:
    """Output and weights between all patches, row by row."""
    label = regions(height, width, window, shift).flatten().to(query.device)
    return scaled_dot_product(query, key, value, label[:, None] == label)


def regions(height: int, width: int, window: int, shift: int) -> Tensor:
    """A number per patch; equal numbers may attend to each other: (height, width)."""
    if window < 1 or height % window or width % window:
        raise ValueError(f"an image of {height} x {width} has no whole windows of {window}")
    if not 0 <= shift < window:
        raise ValueError(f"shift must lie in 0..{window - 1}, got {shift}")
    row, column = (
        2 * ((torch.arange(size) - shift) % size // window) + (torch.arange(size) < shift)
        for size in (height, width)  # the window after rolling, and whether the patch wrapped round
    )
    return row[:, None] * 2 * width + column


def by_windows(
    query: Float[Tensor, "batch heads {height}*{width} dim"],
    key: Float[Tensor, "batch heads {height}*{width} dim"],
    value: Float[Tensor, "batch heads {height}*{width} value_dim"],
    height: int,
    width: int,
    window: int,
    shift: int,
) -> Float[Tensor, "batch heads {height}*{width} value_dim"]:
    """The output of `shifted_window` as Swin computes it: roll, cut, attend, put back."""
    label = regions(height, width, window, shift).to(query.device)
    grid = (height // window, window, width // window, window)

    def cut(x: Tensor) -> Tensor:  # (..., height, width, d) -> (..., windows, window^2, d)
        rolled = x.roll((-shift, -shift), dims=(-3, -2))
        split = rolled.reshape(*x.shape[:-3], *grid, x.shape[-1]).transpose(-4, -3)
        return split.flatten(-5, -4).flatten(-3, -2)

    q, k, v = (cut(x.reshape(*x.shape[:2], height, width, -1)) for x in (query, key, value))
    mine = cut(label[..., None])[..., 0]
    mask = mine[:, :, None] == mine[:, None, :]  # (windows, window^2, window^2)
    out = masked_softmax(q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5, mask) @ v
    out = out.reshape(*out.shape[:2], grid[0], grid[2], window, window, -1).transpose(-4, -3)
    out = out.reshape(*out.shape[:2], height, width, -1).roll((shift, shift), dims=(-3, -2))
    return out.flatten(2, 3)
