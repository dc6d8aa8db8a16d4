"""A small bidirectional transformer over English words and Chinese characters.

It was trained by `models.train_text` to restore tokens that were hidden or exchanged, as in
Devlin et al., BERT (2019), on sentences that the two corpora of this folder invent. Positions come
as a learned bias per head and distance, as in Raffel et al., T5 (2020). Its weights stand in
`text.npz`, in half precision, with the scores of its heads beside them in `text.json`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from models.vocabulary import index, vocabulary

LAYERS = 3
HEADS = 4
WIDTH = 64
HIDDEN = 128
REACH = 16  # distances beyond this share a bias
WEIGHTS = Path(__file__).with_name("text.npz")
FACTS = Path(__file__).with_name("text.json")


def shapes(words: int) -> dict[str, tuple[int, ...]]:
    """The shape of every weight, for a vocabulary of so many words."""
    found: dict[str, tuple[int, ...]] = {"embedding": (words, WIDTH)}
    for layer in range(LAYERS):
        found[f"inward_{layer}"] = (3 * WIDTH, WIDTH)
        found[f"outward_{layer}"] = (WIDTH, WIDTH)
        found[f"bias_{layer}"] = (HEADS, 2 * REACH + 1)
        found[f"wide_{layer}"] = (HIDDEN, WIDTH)
        found[f"narrow_{layer}"] = (WIDTH, HIDDEN)
    return found


class Reader:
    """The model; its weights are views into one `vector`."""

    def __init__(self, vector: Tensor) -> None:
        self.vector = vector

    @classmethod
    def fresh(cls, generator: torch.Generator) -> Reader:
        """Random weights: scaled by the inverse root of their fan-in, biases zero."""
        parts = [
            torch.zeros(shape)
            if name.startswith("bias")
            else torch.randn(shape, generator=generator) * shape[-1] ** -0.5
            for name, shape in shapes(len(vocabulary())).items()
        ]
        return cls(torch.cat([part.flatten() for part in parts]).requires_grad_())

    def weights(self) -> dict[str, Tensor]:
        """Every weight by name."""
        known = shapes(len(vocabulary()))
        sizes = [int(np.prod(shape)) for shape in known.values()]
        parts = self.vector.split_with_sizes(sizes)
        return {n: p.view(s) for (n, s), p in zip(known.items(), parts, strict=True)}

    def __call__(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """The stream (batch, n, WIDTH) at the end, and weights (batch, LAYERS, HEADS, n, n)."""
        weights = self.weights()
        hidden = (tokens == 0)[:, None, None]  # padding
        place = torch.arange(tokens.shape[1])
        distance = (place - place[:, None]).clamp(-REACH, REACH) + REACH
        stream = F.embedding(tokens, weights["embedding"])
        maps = []
        for layer in range(LAYERS):
            inward, outward, bias, wide, narrow = (
                weights[f"{n}_{layer}"] for n in ("inward", "outward", "bias", "wide", "narrow")
            )
            parts = F.linear(_normal(stream), inward).view(*tokens.shape, 3, HEADS, -1)
            query, key, value = parts.permute(2, 0, 3, 1, 4)  # (batch, heads, n, dim) each
            scores = query @ key.transpose(-2, -1) * query.shape[-1] ** -0.5 + bias[:, distance]
            attention = scores.masked_fill(hidden, -torch.inf).softmax(-1)
            mixed = (attention @ value).transpose(1, 2).flatten(2)
            stream = stream + F.linear(mixed, outward)
            stream = stream + F.linear(F.gelu(F.linear(_normal(stream), wide)), narrow)
            maps.append(attention)
        return _normal(stream), torch.stack(maps, dim=1)


def _normal(stream: Tensor) -> Tensor:
    """RMSNorm without a gain (Zhang and Sennrich, 2019)."""
    return F.rms_norm(stream, (WIDTH,))


@dataclass(frozen=True)
class Named:
    """A head that earned a name: its mean weight on what the name says, and that of chance."""

    kind: str
    layer: int
    head: int
    score: float
    chance: float


@cache
def facts() -> dict[str, Any]:
    """What is known of the shipped weights: scores of all heads, how they were trained."""
    found: dict[str, Any] = json.loads(FACTS.read_text(encoding="utf-8"))
    return found


@cache
def reader() -> Reader:
    """The model with the shipped weights. Raises ValueError if they do not fit the vocabulary."""
    with np.load(WEIGHTS, allow_pickle=False) as stored:
        vector = torch.from_numpy(stored["vector"].astype(np.float32))
    expected = sum(int(np.prod(shape)) for shape in shapes(len(vocabulary())).values())
    if vector.numel() != expected:
        raise ValueError(f"{WEIGHTS.name} holds {vector.numel()} weights, expected {expected}")
    return Reader(vector)


@torch.no_grad()
def attention(read: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Weights (LAYERS, HEADS, n, n) of every head on one sequence of tokens."""
    _, maps = reader()(torch.tensor([[index()[token] for token in read]]))
    found: np.ndarray[Any, np.dtype[np.float32]] = maps[0].numpy()
    return found
