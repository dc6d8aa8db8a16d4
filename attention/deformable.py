"""Deformable attention. Zhu et al., Deformable DETR, 2020 (section 4.1, equation 2).

A query looks at a few points only: from its own features it predicts, for each head, where to look
(`points` offsets from a reference point) and how much each look counts (a softmax over the points).
No query is compared with a key. The image is read between its pixels by bilinear interpolation,
through which gradients reach the offsets; outside the image it is zero. The paper samples several
resolutions at once (equation 3).
Time O(Lq heads points dim) beside the projections, whatever the image's size; memory likewise.
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from attention.multi_head import merge_heads
from attention.stages import stage

VARIANT = {
    "title": {"en": "Deformable attention", "zh": "可变形注意力（Deformable DETR）"},
    "family": "vision",
    "year": 2020,
    "paper": "Zhu et al., Deformable DETR: Deformable Transformers for End-to-End Object Detection",
    "url": "https://arxiv.org/abs/2010.04159",
    "parameters": {
        "num_heads": {"default": 4, "min": 1, "max": 32, "step": 1},
        "points": {"default": 4, "min": 1, "max": 16, "step": 1},
    },
    "sizes": {"height": 6, "width": 8},
    "inputs": {"reference": "unit"},
}


def deformable(
    query: Float[Tensor, "batch queries model"],
    reference: Float[Tensor, "batch queries 2"],
    image: Float[Tensor, "batch model height width"],
    offset_weight: Float[Tensor, "{num_heads}*{points}*2 model"],
    score_weight: Float[Tensor, "{num_heads}*{points} model"],
    value_weight: Float[Tensor, "model model"],
    output_weight: Float[Tensor, "model model"],
    num_heads: int = 4,
    points: int = 4,
) -> tuple[
    Float[Tensor, "batch queries model"], Float[Tensor, "batch {num_heads} queries {points}"]
]:
    """Output, and the weights of the points.

    `reference` is (x, y) in 0..1 over the image; offsets are in pixels. The places looked at are
    the stage "locations", (batch, heads, queries, points, 2), again in 0..1.
    """
    (batch, queries, model), (height, width) = query.shape, image.shape[-2:]
    if num_heads < 1 or model % num_heads:
        raise ValueError(f"{model} features cannot be split into {num_heads} heads")
    shape = (batch, queries, num_heads, points)
    scores = stage("scores", (query @ score_weight.T).reshape(shape).transpose(1, 2))
    weights = stage("weights", scores.softmax(dim=-1))
    offsets = (query @ offset_weight.T).reshape(*shape, 2).transpose(1, 2)
    size = offsets.new_tensor([width, height])
    locations = stage("locations", reference[:, None, :, None, :] + offsets / size)
    values = (image.flatten(2).transpose(1, 2) @ value_weight.T).transpose(1, 2)
    values = values.reshape(batch * num_heads, model // num_heads, height, width)
    looked = F.grid_sample(  # (batch * heads, head_dim, queries, points); it wants -1..1
        values, (2 * locations - 1).flatten(0, 1), mode="bilinear", align_corners=False
    )
    looked = looked.reshape(batch, num_heads, -1, queries, points)
    heads = (looked * weights[:, :, None]).sum(dim=-1).transpose(2, 3)
    return stage("output", merge_heads(heads) @ output_weight.T), weights
