"""Search and the list page over a generated bank of 10,000 questions, with baselines in one run.

The entries are the shipped ones with their sentences drawn anew, and a word that no other entry
has. Baselines: for the search, a plain scan of all texts for the query's words as they stand, texts
made ready beforehand; for the page, the list of the shipped bank. Run:
python -m benchmarks.question_bank
"""

from __future__ import annotations

import argparse
import logging
import random
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from unittest.mock import patch

from streamlit.testing.v1 import AppTest

from study.bank import Bank, Question, load_bank
from study.search import Search, _everything
from study.text import Text
from views import session

ROOT = Path(__file__).resolve().parents[1]
SIZE = 10_000
SEARCH_GOAL, PAGE_GOAL = 0.050, 0.100  # seconds
# Frequent and rare words, two words, the beginning of a word, both languages, no match.
QUERIES = (
    "attention", "softmax", "kv cache", "roto", "the query and the key", "marker4711", "nosuchword",
    "注意力", "显存", "键值头", "键值头 cache", "解码 batch",
)  # fmt: skip
SENTENCE = re.compile(r"[^.。\n]+[.。\n]+|[^.。\n]+$")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=SIZE)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    logging.disable(logging.WARNING)  # the client below is no browser, of which each run would warn
    small = load_bank()
    large = generated(small, options.size)
    rows = [*search_rows(large, options.rounds), *page_rows(small, large, options.rounds)]
    print(f"{options.size} questions, generated from {len(small.questions)}; medians")
    for name, figure, remark in rows:
        print(f"  {name:<38}{figure:>12}  {remark}")


def generated(bank: Bank, size: int) -> Bank:
    """A bank of `size` entries with the shipped ones' shape, topics and vocabulary."""
    draw = random.Random(0)
    sentences = {
        language: [
            sentence
            for question in bank.questions
            for sentence in SENTENCE.findall(question.answer.get(language))
        ]
        for language in ("en", "zh")
    }

    def shuffled(text: Text, number: int) -> Text:
        """As many sentences, drawn from the answers of all questions."""
        return Text(**{
            language: f"marker{number} "
            + "".join(draw.choices(drawn, k=len(SENTENCE.findall(text.get(language)))))
            for language, drawn in sentences.items()
        })  # fmt: skip

    questions = []
    for number in range(size):
        model = bank.questions[number % len(bank.questions)]
        changes = {"id": f"{model.id}-{number}", "answer": shuffled(model.answer, number)}
        questions.append(model.model_copy(update=changes))
    return Bank(tuple(questions), (), bank.topics)


def search_rows(bank: Bank, rounds: int) -> Iterator[tuple[str, str, str]]:
    """Search, and the scan over the same text."""
    texts = ["\n".join(_everything(question, None)) for question in bank.questions]
    yield "text", f"{sum(map(len, texts)) / 1e6:.0f} M", "characters"

    started = time.perf_counter()
    search = Search(bank.questions, bank.topics)
    search.find("attention")
    first = time.perf_counter() - started
    yield "first search, which readies the texts", f"{first:.2f} s", "once for a bank"
    found = [median(lambda q=query: search.find(q), rounds) for query in QUERIES]  # type: ignore[misc]
    plain = [median(lambda q=query: scan(bank.questions, texts, q), rounds) for query in QUERIES]  # type: ignore[misc]
    mine, its = statistics.median(found), statistics.median(plain)
    yield "search", milliseconds(mine), verdict(mine, SEARCH_GOAL)
    yield "slowest search", milliseconds(max(found)), f"“{QUERIES[found.index(max(found))]}”"
    yield "plain scan", milliseconds(its), ""
    yield "  search over plain scan", f"{mine / its:.2f} x", ""


def scan(questions: Sequence[Question], texts: Sequence[str], query: str) -> list[Question]:
    """Questions whose text holds every word, by reading all of it."""
    words = query.lower().split()
    return [
        question
        for question, text in zip(questions, texts, strict=True)
        if all(word in text for word in words)
    ]


def page_rows(small: Bank, large: Bank, rounds: int) -> Iterator[tuple[str, str, str]]:
    """The list page with the shipped bank and with the generated one."""
    times = {}
    for name, bank in (("shipped", small), ("generated", large)):
        for query in ({}, {"q": "attention"}, {"role": "inference", "page": "3"}):
            times[name, str(query)] = page_seconds(bank, query, rounds)
    its, mine = (
        statistics.median(seconds for (of, _), seconds in times.items() if of == name)
        for name in ("shipped", "generated")
    )
    yield "list page", milliseconds(mine), verdict(mine, PAGE_GOAL)
    yield f"list page of {len(small.questions)}", milliseconds(its), ""
    yield "  generated over shipped", f"{mine / its:.2f} x", ""


def page_seconds(bank: Bank, query: dict[str, str], rounds: int) -> float:
    """Seconds of one run of the app on the list page, read by a client without a browser."""
    search = Search(bank.questions, bank.topics)
    search.find("attention")
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.dict("os.environ", {"HEADROOM_DATA": folder}),
        patch.object(session, "_bank", lambda *_: bank),
        patch.object(session, "_search", lambda *_: search),
    ):
        page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
        page.query_params = {"lang": "en"}
        page.run()
        page.button(key="open_recall").click().run()
        page.query_params = {"lang": "en", **query}
        page.run()
        assert page.title[0].value == "Questions", "the list page is not shown"
        return median(page.run, rounds)


def median(work: Callable[[], object], rounds: int) -> float:
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.1f} ms"


def verdict(seconds: float, goal: float) -> str:
    return ("within" if seconds <= goal else "above") + f" the goal of {goal * 1e3:.0f} ms"


if __name__ == "__main__":
    main()
