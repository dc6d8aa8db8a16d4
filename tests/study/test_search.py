"""Search: every word is found in either language, and nothing else is."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from study.search import _HAN, _WORD, Search, _containing, _normal, _words, state
from study.store import Rating

ROPE = {
    "question": "{en: Derive RoPE, zh: 推导旋转位置编码}",
    "answer": r"{en: 'It rotates by $\theta_i$ in the KV-cache.', zh: 旋转每一对维度}",
}
CACHE = {
    "question": "{en: Size the KV cache, zh: 估算KV缓存的大小}",
    "answer": "{en: Multi-head attention keeps $d_k$ numbers, zh: 多头注意力保存键和值}",
}


@pytest.fixture
def search(repository: Any, write_entry: Any, write_topic: Any) -> Search:
    def entry(id: str, texts: dict[str, str], **options: str) -> str:
        written = write_entry(id, **options)
        for field, text in texts.items():
            written = re.sub(
                rf"  {field}:.*?\n(?=  \w)", lambda _, f=field, t=text: f"  {f}: {t}\n", written,
                count=1, flags=re.DOTALL,
            )  # fmt: skip
        return written

    positions = write_topic(
        "positions", entry("rope", ROPE, level="hard", frequency="very-frequent")
    ).replace("zh: 主题", "zh: 位置")
    serving = write_topic(
        "serving",
        entry("cache", CACHE).replace("[general]", "[inference, language]"),
        entry("plain", {}, level="medium"),
        order=2,
    )
    repository.core.write_text(positions, "utf-8")
    repository.core.with_name("serving.yaml").write_text(serving, "utf-8")
    bank = repository.bank()
    assert bank.errors == ()
    return Search(bank.questions, bank.topics)


def ids(search: Search, query: str = "", **filters: Any) -> list[str]:
    return [question.id for question in search.find(query, **filters)]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["rope", "cache", "plain"]),
        ("  ", ["rope", "cache", "plain"]),
        ("  ? ", []),
        ("🙂", []),
        (".*", []),
        ("$ (", []),
        ("√d_k", ["cache"]),
        ("rope", ["rope"]),
        ("ROPE", ["rope"]),
        ("ＲｏＰＥ", ["rope"]),
        ("rop", ["rope"]),
        ("ope", []),
        ("cache", ["cache", "rope"]),
        ("kv cache", ["cache", "rope"]),
        ("cache kv rotates", ["rope"]),
        ("kv-cache", ["cache", "rope"]),
        ("multi-h", ["cache"]),
        ("mult-head", []),
        ("d_k", ["cache"]),
        ("theta", ["rope"]),
        ("旋转", ["rope"]),
        ("位置编码", ["rope"]),
        ("位 置", ["rope"]),
        ("置", ["rope"]),
        ("码", ["rope"]),
        ("多头注意力", ["cache"]),
        ("头多", []),
        ("kv缓存", ["cache"]),
        ("缓存 attention", ["cache"]),
        ("positions", ["rope"]),
        ("a paper", ["rope", "cache", "plain"]),
        ("位置 rotates", ["rope"]),
        ("nothing", []),
        ("rope nothing", []),
    ],
)
def test_words_are_found(search: Search, query: str, found: list[str]) -> None:
    assert ids(search, query) == found


def test_the_topics_title_is_found_in_both_languages(search: Search) -> None:
    assert ids(search, "topic serving") == ["cache", "plain"]
    assert ids(search, "主题") == ["cache", "plain"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"topics": ["positions"]}, ["rope"]),
        ({"topics": ["positions", "serving"]}, ["rope", "cache", "plain"]),
        ({"levels": ["hard", "medium"]}, ["rope", "plain"]),
        ({"frequencies": ["frequent"]}, ["cache", "plain"]),
        ({"roles": ["inference", "vision"]}, ["cache"]),
        ({"levels": ["medium"], "topics": ["positions"]}, []),
        ({"states": ["unread"]}, ["plain"]),
        ({"states": ["good", "unread"]}, ["cache", "plain"]),
        ({"states": ["easy"]}, []),
        ({"query": "cache", "states": ["again"]}, ["rope"]),
    ],
)
def test_filters_narrow(search: Search, filters: dict[str, Any], found: list[str]) -> None:
    now = datetime.now(UTC)
    words = {"rope": "again", "cache": "good", "no-longer-asked": "again"}
    ratings = {id: Rating(word, now) for id, word in words.items()}  # type: ignore[arg-type]
    assert ids(search, ratings=ratings, **filters) == found


def test_without_ratings_everything_is_unread(search: Search) -> None:
    assert ids(search, states=["unread"]) == ["rope", "cache", "plain"]
    assert state(search.questions[0], {}) == "unread"


def test_an_empty_bank_can_be_searched() -> None:
    assert Search(()).find("word") == ()


WORDS = st.text("ab注意力_-Ａ ", max_size=8)
PAIR = re.compile(rf"(?=([{_HAN}]{{1,2}}))")  # at every character; the last of a run alone


def tokens(text: str) -> set[str]:
    return {*_WORD.findall(_normal(text)), *PAIR.findall(_normal(text))}


def matches(document: str, query: str) -> bool:
    """The definition, slowly: every part of every word stands in the document."""
    return all(
        any(token.startswith(word) if prefix else token == word for token in tokens(document))
        for word, prefix in _words(query)
    )


def containing(documents: list[str], query: str) -> list[int]:
    texts = [("", _normal(document)) for document in documents]
    return _containing(texts, range(len(texts)), list(_words(query)))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents=st.lists(WORDS, max_size=20), query=WORDS)
def test_search_agrees_with_its_definition(documents: list[str], query: str) -> None:
    expected = [place for place, text in enumerate(documents) if matches(text, query)]
    assert containing(documents, query) == expected


@given(text=st.text("注意力机制多头", min_size=1, max_size=12), data=st.data())
def test_any_part_of_a_chinese_text_finds_it(text: str, data: Any) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    assert containing([text], text[start:end]) == [0]
