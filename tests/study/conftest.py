"""A small repository on disk: two questions, one problem, one variant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from study.bank import Bank, load_bank
from study.problems import ProblemSet, load_problems

ENTRY = """\
- id: {id}
  level: {level}
  frequency: {frequency}
  roles: [general]
  minutes: 3
  question: {{en: "Why {id}?", zh: "为什么{zh}？"}}
  short: {{en: Short {id}, zh: 简短回答}}
  answer:
    en: |
      Full {id}
    zh: |
      完整回答
  rubric:
    - {{en: One, zh: 一}}
    - {{en: Two, zh: 二}}
    - {{en: Three, zh: 三}}
  pitfalls:
    - {{claim: {{en: Claim, zh: 说法}}, why: {{en: Why, zh: 原因}}}}
  follow_ups:
    - {{question: {{en: Next, zh: 追问}}, answer: {{en: Answer, zh: 答}}}}
    - {{question: {{en: Then, zh: 再问}}, answer: {{en: Answer, zh: 答}}}}
  sources:
    - {{title: A paper, where: Section 3, url: "https://example.org/paper"}}
  variants: [causal]
  problems: [softmax]
  lab:
    - {{title: {{en: See, zh: 看}}, query: variant=causal&heads=4}}
"""

PROBLEM = """\
title: {en: Softmax, zh: 柔性最大值}
level: easy
minutes: 10
frequency: frequent
tags: [foundations]
statement: {en: Write it, zh: 写出来}
hints:
  - {en: One, zh: 一}
  - {en: Two, zh: 二}
  - {en: Three, zh: 三}
follow_ups:
  - {question: {en: Next, zh: 追问}, answer: {en: Answer, zh: 答}}
explanation: {en: Because, zh: 因为}
questions: [first]
variants: [causal]
"""


@dataclass
class Repository:
    """Folders of content, and ways to fill and read them."""

    root: Path

    @property
    def core(self) -> Path:
        return self.root / "questions" / "core.yaml"

    @property
    def problem(self) -> Path:
        return self.root / "solutions" / "softmax" / "problem.yaml"

    def add_problem(self, slug: str, text: str = PROBLEM) -> Path:
        folder = self.root / "solutions" / slug
        folder.mkdir(parents=True)
        (folder / "problem.yaml").write_text(text, "utf-8")
        for name in ("starter", "solution", "checks"):
            (folder / f"{name}.py").write_text(f"{name} = 1\n", "utf-8")
        return folder

    def bank(self) -> Bank:
        return load_bank(
            self.root / "questions",
            attention=self.root / "attention",
            solutions=self.root / "solutions",
        )

    def problems(self) -> ProblemSet:
        return load_problems(
            self.root / "solutions",
            attention=self.root / "attention",
            questions=self.root / "questions",
        )


def entry(id: str, level: str = "easy", frequency: str = "frequent", zh: str = "需要它") -> str:
    return ENTRY.format(id=id, level=level, frequency=frequency, zh=zh)


def topic(id: str, *entries: str, order: int = 1) -> str:
    title = f"Topic {id}"
    head = f"topic: {{id: {id}, title: {{en: {title}, zh: 主题}}, order: {order}}}\nquestions:\n"
    return head + "".join(entries)


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nothing a test does may touch the data of the person who runs it."""
    folder = tmp_path / "data"
    monkeypatch.setenv("HEADROOM_DATA", str(folder))
    monkeypatch.delenv("HEADROOM_DATABASE", raising=False)
    return folder


@pytest.fixture
def write_entry() -> Callable[..., str]:
    return entry


@pytest.fixture
def write_topic() -> Callable[..., str]:
    return topic


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "repository")
    for name in ("questions", "attention"):
        (made.root / name).mkdir(parents=True)
    (made.root / "attention" / "causal.py").write_text("import torch\nVARIANT = {}\n")
    (made.root / "attention" / "stages.py").write_text("# a helper: no VARIANT\n")
    made.add_problem("softmax")
    made.core.write_text(topic("core", entry("first"), entry("second")), "utf-8")
    return made
