"""Colour maps that colour-blind people can read, as lookup tables of 256 × 3 bytes.

`viridis` (Smith and van der Walt, CC0) is perceptually uniform and rises in lightness, so it
survives printing in grey; it serves values of one sign. `RdBu_r` (ColorBrewer 2.0, Brewer,
Apache-2.0) is diverging, blue for negative and red for positive, and serves signed values.
Both are drawn from a few anchors, so that no page needs matplotlib to colour a map; the tests
hold them to matplotlib's tables.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from views.charts.tiles import Array

Table = NDArray[np.uint8]

_ANCHORS = {
    "viridis": (
        "440154 481769 472a7a 433d84 3d4e8a 355e8d 2e6d8e 297b8e 23898e "
        "1f978b 21a585 2eb37c 46c06f 65cb5e 89d548 b0dd2f d8e219 fde725"
    ),
    "RdBu_r": ("053061 2166ac 4393c3 92c5de d1e5f0 f7f7f7 fddbc7 f4a582 d6604d b2182b 67001f"),
}
# What has no place in a colour map: masked cells (−inf) and cells that are NaN or +inf.
MASKED = (150, 150, 150)
NOT_FINITE = (255, 0, 170)


@cache
def table(name: str) -> Table:
    """The (256, 3) lookup table of the colour map `name`. KeyError for an unknown name."""
    anchors = np.array([list(bytes.fromhex(code)) for code in _ANCHORS[name].split()], dtype=float)
    where = np.linspace(0.0, 1.0, len(anchors))
    steps = np.linspace(0.0, 1.0, 256)
    channels = [np.interp(steps, where, anchors[:, c]) for c in range(3)]
    result: Table = np.round(np.stack(channels, axis=1)).astype(np.uint8)
    result.setflags(write=False)
    return result


def colourise(values: Array, name: str, low: float, high: float) -> NDArray[np.uint8]:
    """RGBA bytes (…, 4) of `values` by lookup; NaN is transparent, −inf grey, +inf magenta."""
    scaled = (np.clip(values, low, high) - low) * (255.0 / (high - low))
    index = np.nan_to_num(scaled).astype(np.uint8)
    image = np.full((*values.shape, 4), 255, dtype=np.uint8)
    image[..., :3] = table(name)[index]
    image[np.isneginf(values), :3] = MASKED
    image[np.isposinf(values), :3] = NOT_FINITE
    image[np.isnan(values)] = 0
    return image
