"""Attention-only transformers that learn induction within seconds; one layer cannot.

A sequence repeats itself with a period that is drawn anew each time, and its tokens are drawn
without replacement. Whoever has seen a token before can say what follows: look for the earlier
occurrence, copy the token after it. Since the period varies, no fixed offset does.

Induction heads: Elhage et al., A Mathematical Framework for Transformer Circuits (2021), and
Olsson et al., In-context Learning and Induction Heads (2022). Positions are added to queries and
keys alone, as in Press et al., Shortformer (2021), so that values carry tokens only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

VOCABULARY = 32
LENGTH = 32
WIDTH = 32
PERIODS = (6, 16)  # the shortest and the longest
BATCH = 32
STEPS = 300
EVERY = 6  # steps between checkpoints
LEARNING_RATE = 8e-3
PROBES = 32  # sequences that the scores of a checkpoint are measured on
_PROBE_SEED = 2**32  # beyond every seed that can be chosen: probes are never trained on


class AttentionOnly:
    """Embedding, layers of causal multi-head attention on a residual stream, unembedding.

    All parameters are views into one vector, `vector`, which makes an optimiser a few lines.
    """

    def __init__(self, layers: int, heads: int, generator: torch.Generator) -> None:
        self.heads = heads
        self.rows = [VOCABULARY, LENGTH, VOCABULARY, *[3 * WIDTH, WIDTH] * layers]
        vector = torch.randn(sum(self.rows) * WIDTH, generator=generator) * WIDTH**-0.5
        self.vector = vector.requires_grad_()
        self.later = torch.ones(LENGTH, LENGTH, dtype=torch.bool).triu(1)

    def __call__(self, tokens: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits (batch, LENGTH, VOCABULARY) and each layer's weights (batch, heads, L, L)."""
        embedding, positions, unembedding, *rest = self.vector.view(-1, WIDTH).split_with_sizes(
            self.rows
        )
        stream = F.embedding(tokens, embedding)
        maps = []
        for inward, outward in zip(rest[::2], rest[1::2], strict=True):
            mixed, weights = self._attend(stream, positions, inward)
            stream = stream + F.linear(mixed, outward)
            maps.append(weights)
        return F.linear(stream, unembedding), maps

    def _attend(self, stream: Tensor, positions: Tensor, inward: Tensor) -> tuple[Tensor, Tensor]:
        placed = F.linear(stream + positions, inward[: 2 * WIDTH])
        query, key = (self._split(part) for part in placed.chunk(2, -1))
        value = self._split(F.linear(stream, inward[2 * WIDTH :]))
        scores = query @ key.transpose(-2, -1) * query.shape[-1] ** -0.5
        weights = scores.masked_fill(self.later, -torch.inf).softmax(-1)
        return (weights @ value).transpose(1, 2).flatten(2), weights

    def _split(self, flat: Tensor) -> Tensor:
        """(batch, L, WIDTH) → (batch, heads, L, WIDTH / heads)."""
        return flat.view(*flat.shape[:2], self.heads, -1).transpose(1, 2)


class Adam:
    """Adam (Kingma and Ba, 2015) on one vector.

    torch.optim would do, but its first use imports the compiler, which takes seconds.
    """

    def __init__(self, vector: Tensor, rate: float) -> None:
        self.vector, self.rate, self.step = vector, rate, 0
        self.mean, self.square = torch.zeros_like(vector), torch.zeros_like(vector)

    @torch.no_grad()
    def descend(self, loss: Tensor) -> None:
        """One step down the gradient of `loss`."""
        (gradient,) = torch.autograd.grad(loss, self.vector)
        first, second = 0.9, 0.98
        self.step += 1
        self.mean.lerp_(gradient, 1 - first)
        self.square.mul_(second).addcmul_(gradient, gradient, value=1 - second)
        spread = (self.square / (1 - second**self.step)).sqrt_().add_(1e-8)
        self.vector.addcdiv_(self.mean, spread, value=-self.rate / (1 - first**self.step))


@dataclass(frozen=True)
class Checkpoint:
    """A model at one step: its figures on the probes, and its maps on the first of them.

    `maps` (layers, heads, L, L); `previous` and `induction` (layers, heads) are mean weights.
    """

    step: int
    loss: float
    accuracy: float
    maps: NDArray[np.float32]
    previous: NDArray[np.float32]
    induction: NDArray[np.float32]


def sequences(count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Repeating sequences (count, LENGTH + 1) and their periods (count, 1)."""
    low, high = PERIODS
    periods = torch.randint(low, high + 1, (count, 1), generator=generator)
    order = torch.rand(count, VOCABULARY, generator=generator).argsort(1)
    return order.gather(1, torch.arange(LENGTH + 1) % periods), periods


def predictable(periods: Tensor) -> Tensor:
    """(count, LENGTH) booleans: where the token has been seen before, so the next is known."""
    return torch.arange(LENGTH) >= periods


def targets(tokens: Tensor) -> Tensor:
    """(count, L, L) booleans: keys j that follow an earlier occurrence of query i's token."""
    before = F.pad(tokens[:, :-1], (1, 0), value=-1)
    return tokens[:, :, None] == before[:, None, :]


def probes(seed: int) -> tuple[Tensor, Tensor]:
    """The sequences that a run with this seed is measured on, and their periods."""
    return sequences(PROBES, torch.Generator().manual_seed(_PROBE_SEED + seed))


class Learner:
    """A model in training: `advance` by a step, look at it with `checkpoint`."""

    def __init__(self, layers: int, heads: int, seed: int) -> None:
        if WIDTH % heads:
            raise ValueError(f"{heads} heads do not divide a width of {WIDTH}")
        self.step = 0
        self.generator = torch.Generator().manual_seed(seed)
        self.model = AttentionOnly(layers, heads, self.generator)
        self.optimiser = Adam(self.model.vector, LEARNING_RATE)
        self.probes, self.periods = probes(seed)

    def advance(self) -> None:
        """One step of Adam on the cross-entropy of the predictable tokens."""
        tokens, periods = sequences(BATCH, self.generator)
        known = predictable(periods)
        logits, _ = self.model(tokens[:, :-1])
        loss = F.cross_entropy(logits[known], tokens[:, 1:][known])
        self.optimiser.descend(loss)
        self.step += 1

    @torch.no_grad()
    def checkpoint(self) -> Checkpoint:
        """The model as it is now, measured on the probes."""
        tokens, known = self.probes, predictable(self.periods)
        logits, weights = self.model(tokens[:, :-1])
        guessed, right = logits[known], tokens[:, 1:][known]
        maps = torch.stack(weights, dim=1)  # (probes, layers, heads, L, L)
        return Checkpoint(
            step=self.step,
            loss=float(F.cross_entropy(guessed, right)),
            accuracy=float((guessed.argmax(-1) == right).float().mean()),
            maps=maps[0].numpy(),
            previous=_previous_score(maps).numpy(),
            induction=_induction_score(maps, tokens[:, :-1], known).numpy(),
        )


def _previous_score(maps: Tensor) -> Tensor:
    """Mean weight on the token before, over the first half, whose tokens come again for sure."""
    half = maps[..., : LENGTH // 2, : LENGTH // 2]
    return half.diagonal(-1, -2, -1).mean((0, -1))


def _induction_score(maps: Tensor, tokens: Tensor, known: Tensor) -> Tensor:
    """Mean weight on what followed the token's earlier occurrences, where there are any."""
    hit = (maps * targets(tokens)[:, None, None]).sum(-1)  # (probes, layers, heads, L)
    return hit.movedim(-1, 1)[known].mean(0)
