"""Templates for authors. Every text that is still empty is an error that `check` names."""

from __future__ import annotations

from pathlib import Path

QUESTION = """\
# One entry of the list `questions` in questions/<topic>.yaml.
# Texts are Markdown, formulas LaTeX in $…$ or $$…$$; after `|` indent what follows.
- id: {id}
  level: medium # easy, medium or hard
  frequency: frequent # very-frequent, frequent or occasional
  roles: [general] # language, vision, inference, research, recommendation, general
  minutes: 3
  question: # as asked aloud
    en: ""
    zh: ""
  short: # what to say in 30 seconds
    en: |
    zh: |
  answer: # what to say in 2 to 3 minutes
    en: |
    zh: |
  rubric: # 3 to 6 points that one can tick
    - {{en: "", zh: ""}}
    - {{en: "", zh: ""}}
    - {{en: "", zh: ""}}
  pitfalls: # what candidates claim, and why it is wrong
    - claim: {{en: "", zh: ""}}
      why: {{en: "", zh: ""}}
  follow_ups: # 2 to 4
    - question: {{en: "", zh: ""}}
      answer: {{en: "", zh: ""}}
    - question: {{en: "", zh: ""}}
      answer: {{en: "", zh: ""}}
  sources: # title, section or equation, address
    - {{title: "", where: "", url: "https://"}}
  variants: [] # modules in attention/
  problems: [] # folders in solutions/
"""

PROBLEM = """\
# Texts are Markdown, formulas LaTeX in $…$ or $$…$$; after `|` indent what follows.
title: {en: "", zh: ""}
level: medium # easy, medium or hard
minutes: 20
frequency: frequent # very-frequent, frequent or occasional
tags: [foundations]
statement: # without the worked example: that is computed from checks.py
  en: |
  zh: |
hints: # exactly 3, from a nudge to nearly there
  - {en: "", zh: ""}
  - {en: "", zh: ""}
  - {en: "", zh: ""}
follow_ups:
  - question: {en: "", zh: ""}
    answer: {en: "", zh: ""}
explanation: # derivation, cost, the usual mistakes
  en: |
  zh: |
questions: [] # ids in questions/
variants: [] # modules in attention/
"""

STARTER = """\
import torch


def {name}(x: torch.Tensor) -> torch.Tensor:
    # x: (..., length, head_dim) -> (..., length, head_dim)
    raise NotImplementedError
"""

SOLUTION = """\
import torch


def {name}(x: torch.Tensor) -> torch.Tensor:
    return x
"""

CHECKS = '''\
"""What the judge checks: a docstring, English then Chinese, is what a learner reads."""

from grader.kit import Trial

ENTRY = "{name}"


def example_two_tokens(trial: Trial) -> None:
    """Two tokens of width two.

    两个宽度为 2 的词元。
    """
    trial.function().show(x=trial.randn(2, 2))


def check_values(trial: Trial) -> None:
    """The output agrees with the definition at all sizes.

    在各种尺寸下，输出都与定义一致。
    """
    for batch, length, width in trial.sizes((2, 5, 4), (1, 7, 6)):
        trial.function().compare(trial.randn(batch, length, width))
'''


def question(id: str) -> str:
    """The entry of a new question, to be put into a topic file and filled in."""
    return QUESTION.format(id=id)


def write_problem(folder: Path) -> list[Path]:
    """Write a new problem's files, to be filled in; FileExistsError if the folder exists."""
    name = folder.name.replace("-", "_")
    contents = {
        "problem.yaml": PROBLEM,
        "starter.py": STARTER.format(name=name),
        "solution.py": SOLUTION.format(name=name),
        "checks.py": CHECKS.format(name=name),
    }
    folder.mkdir(parents=True)
    for file, content in contents.items():
        (folder / file).write_text(content, "utf-8")
    return [folder / file for file in contents]
