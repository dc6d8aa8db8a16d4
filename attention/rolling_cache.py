"""Rolling KV cache. Jiang et al., Mistral 7B, 2023 (section 2, "Rolling Buffer Cache").

With a sliding window of W, keys older than W are never read again: position i is written to slot
i mod W, over the key it retires. The cache stops growing at W positions however long the text. The
slots are out of order, which attention does not notice: softmax and sum do not depend on order,
and rotary keys carry their position in themselves.
Time O(W d) per token, memory O(W d).
"""

import torch
from jaxtyping import Float
from torch import Tensor

from attention.scaled_dot_product import scaled_dot_product
from attention.stages import silent, stage

VARIANT = {
    "title": {"en": "Rolling KV cache", "zh": "滚动键值缓存"},
    "family": "cache",
    "year": 2023,
    "paper": "Jiang et al., Mistral 7B",
    "url": "https://arxiv.org/abs/2310.06825",
    "parameters": {"window": {"default": 4, "min": 1, "max": 64, "step": 1}},
}


class RollingCache:
    """`window` slots for keys and values; one token is written at a time."""

    def __init__(self, window: int) -> None:
        if window < 1:
            raise ValueError(f"window must be at least 1, got {window}")
        self.window, self.count = window, 0
        self.slots: list[tuple[Tensor, Tensor]] = []

    def write(self, key: Tensor, value: Tensor) -> None:
        """Keep the key and value of the next position, retiring the oldest when full."""
        slot = self.count % self.window
        self.slots[slot : slot + 1] = [(key, value)]  # beyond the end this appends
        self.count += 1

    def positions(self) -> list[int]:
        """The position that each slot holds."""
        first = max(self.count - self.window, 0)
        return sorted(range(first, self.count), key=lambda position: position % self.window)


def rolling_cache(
    query: Float[Tensor, "batch heads length dim"],
    key: Float[Tensor, "batch heads length dim"],
    value: Float[Tensor, "batch heads length value_dim"],
    window: int = 4,
) -> tuple[
    Float[Tensor, "batch heads length value_dim"], Float[Tensor, "batch heads length length"]
]:
    """Output and weights of decoding token by token; equals sliding-window attention."""
    cache, outputs, rows = RollingCache(window), [], []
    tokens = zip(*(torch.split(x, 1, dim=2) for x in (query, key, value)), strict=True)
    for q, k, v in tokens:
        cache.write(k, v)
        keys, values = (torch.cat(list(part), dim=2) for part in zip(*cache.slots, strict=True))
        with silent():
            output, weights = scaled_dot_product(q, keys, values)
        row = weights.new_zeros(*weights.shape[:-1], key.shape[2])
        outputs.append(output)
        rows.append(row.index_copy(-1, torch.tensor(cache.positions(), device=row.device), weights))
    return stage("output", torch.cat(outputs, dim=2)), stage("weights", torch.cat(rows, dim=2))
