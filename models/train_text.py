"""Trains the small reader of `models.text` and measures its heads: python -m models.train_text

Everything is drawn from --seed, and one thread computes, so the same machine and version of torch
give the same weights again; others round differently, and may end with other heads under the same
names. A few minutes on one CPU thread.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from models import corpus_en, corpus_zh, text
from models.induction import Adam
from models.sentence import PAIRS, Sentence
from models.text import HEADS, LAYERS, Reader
from models.vocabulary import CHARACTER, MASK, NAME, PAD, START, index, unknown_word, vocabulary

STEPS = 6000
BATCH = 32
RATE = 4e-3
_POOL = 8  # batches that are drawn at once and sorted by length, which saves padding
WARM = 100  # steps until the full rate; afterwards it falls along a cosine
HELD_OUT = 400  # sentences that heads are measured on
_TIED, _OTHERS, _UNKNOWN = 0.6, 0.08, 0.04  # shares of tokens that are asked for, or unknown
_FAMILIES = (
    ("she", "he", "it", "they"),
    ("her", "his", "its", "their"),
    ("她", "他", "它"),
    tuple(sorted({*corpus_zh.ANIMALS.values(), *corpus_zh.THINGS.values()})),
    *corpus_en.ACTS.items(),
    *zip(*(pair for pairs in PAIRS.values() for pair in pairs), strict=True),
)
# What a tied token may be exchanged for: the grammar has to tell which is right.
_SWAPS = {token: family for family in _FAMILIES for token in family}


def corpus(seed: int) -> Iterator[Sentence]:
    """Sentences without end, English and Chinese in turn."""
    rng = random.Random(seed)
    while True:
        yield corpus_en.make(rng)
        yield corpus_zh.make(rng)


def digest(count: int = 1000, seed: int = 0) -> str:
    """A hash of the first sentences and their ties, which tells whether the data is the same."""
    source = corpus(seed)
    lines = (repr((item.tokens, item.ties)) for item, _ in zip(source, range(count), strict=False))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def example(sentence: Sentence, rng: random.Random) -> tuple[list[int], list[int]]:
    """What the model reads, and what it has to say: a token to restore, or 0 for nothing."""
    tied = {tie.query for tie in sentence.ties}
    seen, asked = [index()[START]], [0]
    for place, token in enumerate(sentence.tokens):
        wanted = rng.random() < (_TIED if place in tied else _OTHERS)
        seen.append(index()[_shown(token, wanted, place in tied, rng)])
        asked.append(index()[token] if wanted else 0)
    return seen, asked


def _shown(token: str, wanted: bool, tied: bool, rng: random.Random) -> str:
    """A token as it is shown: as it is, hidden, exchanged, or as one that nobody knows."""
    if wanted:
        chance = rng.random()
        if chance < 0.35:
            return MASK
        if chance < 0.85:
            return rng.choice(_SWAPS[token]) if tied else rng.choice(vocabulary()[1:])
        return token
    if not tied and rng.random() < _UNKNOWN:
        return _unknown(token, rng)
    return token


def _unknown(token: str, rng: random.Random) -> str:
    if token.isascii() and token.isalpha() and len(token) > 2:
        return NAME if rng.random() < 0.3 else unknown_word(token)
    return CHARACTER if token.isalpha() and not token.isascii() else token


def batches(seed: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Padded batches of what is read and what is asked, (BATCH, n) each, of like lengths."""
    rng = random.Random(seed + 1)
    source = corpus(seed)
    while True:
        made = [example(next(source), rng) for _ in range(BATCH * _POOL)]
        made.sort(key=lambda pair: len(pair[0]))
        pools = [made[start : start + BATCH] for start in range(0, len(made), BATCH)]
        rng.shuffle(pools)
        for pool in pools:
            longest = max(len(seen) for seen, _ in pool)
            padded = [[row + [0] * (longest - len(row)) for row in pair] for pair in pool]
            both = torch.tensor(padded)
            yield both[:, 0], both[:, 1]


def train(
    seed: int, steps: int = STEPS, tell: Callable[[int, float], None] | None = None
) -> tuple[Reader, list[float]]:
    """A model trained for so many steps, and its loss at each."""
    model = Reader.fresh(torch.Generator().manual_seed(seed))
    optimiser = Adam(model.vector, RATE)
    losses = []
    for step, (seen, asked) in zip(range(steps), batches(seed), strict=False):
        optimiser.rate = RATE * min(1.0, (step + 1) / WARM) * _cosine(step / steps)
        stream, _ = model(seen)
        where = asked > 0
        logits = F.linear(stream[where], model.weights()["embedding"])
        loss = F.cross_entropy(logits, asked[where])
        optimiser.descend(loss)
        losses.append(float(loss.detach()))
        if tell:
            tell(step, losses[-1])
    return model, losses


def _cosine(share: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * share))


def targets(sentence: Sentence) -> dict[str, list[tuple[int, tuple[int, ...]]]]:
    """For each kind of head, which tokens (counted from the start token) it should lead where."""
    count = len(sentence.tokens)
    found: dict[str, list[tuple[int, tuple[int, ...]]]] = {
        "previous": [(place, (place - 1,)) for place in range(2, count + 1)],
        "next": [(place, (place + 1,)) for place in range(1, count)],
        "itself": [(place, (place,)) for place in range(1, count + 1)],
    }
    for tie in sentence.ties:
        moved = tuple(place + 1 for place in tie.targets)
        chinese = tie.kind == "pronoun" and not sentence.tokens[tie.query].isascii()
        kind = "pronoun_zh" if chinese else tie.kind
        found.setdefault(kind, []).append((tie.query + 1, moved))
    return found


@torch.no_grad()
def measure(model: Reader, seed: int, count: int = HELD_OUT) -> dict[str, Any]:
    """Mean weight of every head on what each kind of head should look at, and that of chance.

    The sentences are drawn from another seed and shown whole, as a person's own would be.
    """
    totals: dict[str, Any] = {}
    chance: dict[str, list[float]] = {}
    for sentence, _ in zip(corpus(seed + 10_000), range(count), strict=False):
        read = [index()[token] for token in (START, *sentence.tokens)]
        maps = model(torch.tensor([read]))[1][0].numpy()
        for kind, pairs in targets(sentence).items():
            for query, keys in pairs:
                totals.setdefault(kind, []).append(maps[:, :, query, list(keys)].sum(-1))
                chance.setdefault(kind, []).append(len(keys) / len(read))
    return {
        kind: {
            "scores": np.mean(found, axis=0).round(4).tolist(),
            "chance": round(float(np.mean(chance[kind])), 4),
            "count": len(found),
        }
        for kind, found in totals.items()
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, measure, write the weights and the facts about them."""
    parser = argparse.ArgumentParser(prog="python -m models.train_text", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--into", type=Path, default=text.WEIGHTS.parent, help="folder to write to")
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    began = time.monotonic()

    def tell(step: int, loss: float) -> None:
        if step % 100 == 0:
            print(f"step {step}  loss {loss:.3f}  {time.monotonic() - began:.0f} s", flush=True)

    model, losses = train(options.seed, options.steps, tell)
    halves = model.vector.detach().half()
    facts: dict[str, Any] = {
        "seed": options.seed,
        "steps": options.steps,
        "batch": BATCH,
        "weights": halves.numel(),
        "data": digest(seed=options.seed),
        "loss": round(float(np.mean(losses[-100:])), 4),
        "heads": measure(Reader(halves.float()), options.seed),
    }
    np.savez_compressed(options.into / text.WEIGHTS.name, vector=halves.numpy())
    (options.into / text.FACTS.name).write_text(json.dumps(facts, indent=1) + "\n")
    for kind, found in facts["heads"].items():
        best = np.array(found["scores"])
        layer, head = np.unravel_index(best.argmax(), (LAYERS, HEADS))
        print(f"{kind:11} layer {layer + 1} head {head}  {best.max():.2f} ({found['chance']:.2f})")


assert index()[PAD] == 0  # the model hides token 0 from attention

if __name__ == "__main__":
    main()
