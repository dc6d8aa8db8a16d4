"""The Text view: its link, what it says of a sentence, and what can be taken away."""

import csv
import io
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

import attention
from models import text as model
from models.vocabulary import tokens
from tests.views.test_charts import unpack
from views import lab_call, lab_setup, lab_text, lab_text_panels, lab_text_setup, lab_text_take
from views.charts import export, heatmap
from views.i18n import strings
from views.lab_reader import Reader
from views.lab_text_setup import Text

SENTENCE = "Mary lost her Quokka, 龘 (really)."


def page():
    from views.lab import render

    render()


def opened(**query):
    test = AppTest.from_function(page, default_timeout=60)
    test.query_params["tab"] = "text"
    for name, value in query.items():
        test.query_params[name] = value
    return test.run()


def query_of(test):
    return {k: v[0] if isinstance(v, list) else v for k, v in test.query_params.items()}


@pytest.fixture(scope="module")
def reading():
    found, _ = tokens(SENTENCE)
    return lab_text_panels.Reading(tuple(found), model.attention([token.read for token in found]))


class TestLink:
    @given(
        st.text(max_size=60).filter(bool),
        st.sampled_from(["", *lab_text_setup.HEADS]),
        st.none() | st.integers(0, 63),
    )
    def test_every_choice_comes_back(self, typed, head, token):
        chosen = Text(typed, head, token)
        reader = Reader(lab_text_setup.write(chosen))
        assert lab_text_setup.read(reader) == chosen
        assert [c.name for c in reader.finish()] == ["tab"], "which others read"

    def test_heads_in_a_link_are_those_of_the_model(self):
        expected = [f"{la + 1}.{h}" for la in range(model.LAYERS) for h in range(model.HEADS)]
        assert list(lab_text_setup.HEADS) == expected

    def test_through_the_whole_setup(self):
        query = {"tab": "text", "text": SENTENCE, "text_head": "2.1", "token": "3"}
        setup, complaints = lab_setup.read(query, list(attention.variants()), lab_call.knobs)
        assert complaints == []
        assert lab_setup.write(setup, lab_call.knobs(setup.variant)) == query

    @pytest.mark.parametrize(
        ("name", "value"), [("text_head", "9.9"), ("token", "x"), ("text", "a" * 500)]
    )
    def test_a_bad_value_is_told_and_the_page_stands(self, name, value):
        test = opened(**{name: value})
        assert not test.exception
        assert name in test.warning[0].value.replace("\\", "")

    def test_a_pinned_token_beyond_the_text_is_no_harm(self):
        assert not opened(text="one two", token="40").exception


class TestPage:
    @pytest.mark.parametrize("lang", ["en", "zh"])
    def test_it_opens_with_a_sentence_and_a_named_head(self, lang):
        test = AppTest.from_function(page, default_timeout=60)
        test.session_state["language"] = lang
        test.query_params["tab"] = "text"
        test.run()
        assert not test.exception
        assert not test.warning
        assert query_of(test)["text"] == test.text_area(key="lab_text").value
        kind = {"en": "bracket", "zh": "pronoun_zh"}[lang]
        (first,) = [entry for entry in lab_text_panels.named() if entry.kind == kind]
        assert query_of(test)["text_head"] == f"{first.layer + 1}.{first.head}"
        title = strings()[f"lab.text_kind_{kind}"][lang]
        assert title in test.selectbox(key="lab_text_head").options[0]

    def test_what_is_unknown_is_named(self):
        said = [caption.value for caption in opened(text=SENTENCE).caption]
        (unknown,) = [text for text in said if "Quokka" in text]
        assert "Quokka (a name)" in unknown
        assert "龘 (a character)" in unknown
        assert "Mary" not in unknown

    def test_signs_of_markdown_do_not_act(self):
        assert lab_text._safe("*a_ü龘`") == r"\*a\_ü龘\`"
        assert not opened(text="# **x** $y$ <b> :red[z] `").exception

    def test_a_long_text_is_cut_and_says_so(self):
        test = opened(text="a " * 100)
        assert not test.exception
        assert any("37" in warning.value or "Left out" in warning.value for warning in test.warning)

    def test_more_characters_than_fit_are_cut_and_it_says_so(self):
        test = opened()
        test.text_area(key="lab_text").set_value("b" * 457).run()
        assert test.text_area(key="lab_text").value == query_of(test)["text"] == "b" * 400
        said = "The text may have 400 characters: 57 at the end were left out."
        assert said in [caption.value for caption in test.caption]
        test.selectbox(key="lab_text_head").set_value("2.3").run()
        assert said in [caption.value for caption in test.caption]
        test.text_area(key="lab_text").set_value("one two").run()
        assert said not in [caption.value for caption in test.caption]

    def test_an_empty_text_asks_for_one(self):
        test = opened(text="   ")
        assert not test.exception
        assert test.info

    def test_an_example_fills_the_field(self):
        test = opened(text="one")
        test.selectbox(key="lab_text_example").set_value(lab_text_setup.EXAMPLES[4]).run()
        assert not test.exception
        assert test.text_area(key="lab_text").value == lab_text_setup.EXAMPLES[4]
        assert query_of(test)["text"] == lab_text_setup.EXAMPLES[4]

    def test_a_head_is_chosen_and_a_new_text_lets_the_token_go(self):
        test = opened(text="one two three", token="2")
        assert query_of(test)["token"] == "2"
        test.selectbox(key="lab_text_head").set_value("2.3").run()
        assert query_of(test)["text_head"] == "2.3"
        assert query_of(test)["token"] == "2"
        test.text_area(key="lab_text").set_value("another text").run()
        assert "token" not in query_of(test)
        assert not test.exception

    def test_every_head_has_something_said_of_it(self):
        for where in lab_text_setup.HEADS:
            test = opened(text="one", text_head=where)
            assert not test.exception
        for kind in lab_text_panels.KINDS:
            assert f"lab.text_says_{kind}" in strings()


class TestPanels:
    def test_named_heads_come_first_and_none_is_lost(self):
        order = lab_text_panels.ordered(SENTENCE)
        assert sorted(order) == sorted(lab_text_setup.HEADS)
        names = [bool(lab_text_panels.names_of(where)) for where in order]
        assert names == sorted(names, reverse=True)

    def test_a_name_needs_enough_of_the_weight(self):
        for entry in lab_text_panels.named():
            scores = np.array(model.facts()["heads"][entry.kind]["scores"])
            assert scores[entry.layer, entry.head] == scores.max() >= lab_text_panels.EARNED

    def test_the_frame_carries_tokens_and_the_matrix(self, reading):
        header, values = unpack(lab_text_panels.frame_of(reading, "2.1", 3))
        count = len(reading.tokens)
        assert [token["text"] for token in header["tokens"]] == list(reading.names)
        kinds = {token["text"]: token["kind"] for token in header["tokens"]}
        assert (kinds["Quokka"], kinds["Mary"]) == ("unknown", "")
        assert header["pinned"] == 3
        panel = header["panels"][0]
        shown = values[panel["at"] : panel["at"] + count * count].reshape(count, count)
        assert np.array_equal(shown, reading.maps[1, 1])
        assert len(header["strip"]) == model.LAYERS * model.HEADS

    def test_the_words_name_the_strongest_tie(self, reading):
        item = lab_text_panels.panel_of(reading, 0, 0)
        maps = item.values[0].copy()
        maps[:, 0] = 0
        query, key = np.unravel_index(maps.argmax(), maps.shape)
        said = lab_text_panels.describe(reading, item)
        assert f"{reading.names[query]} to {reading.names[key]}" in said


class TestTakeAway:
    def test_every_pair_in_a_table(self, reading):
        item = lab_text_panels.panel_of(reading, 1, 2)
        lines = list(csv.reader(io.StringIO(lab_text_take.csv(item).decode("utf-8-sig"))))
        assert len(lines) == 1 + len(reading.tokens) ** 2
        assert lines[2][:4] == ["0", "(start)", "1", "Mary"]
        assert float(lines[2][4]) == pytest.approx(float(reading.maps[1, 2, 0, 1]))

    def test_all_heads_as_arrays(self, reading):
        with np.load(io.BytesIO(lab_text_take.npz(reading)), allow_pickle=False) as found:
            assert np.array_equal(found["weights"], reading.maps)
            assert found["tokens"].tolist()[1] == "Mary"

    def test_a_figure_with_the_tokens_on_its_axes(self, reading):
        item = lab_text_panels.panel_of(reading, 1, 2)
        root = ElementTree.fromstring(export.svg(item, heatmap.shown(item, None, None)))
        texts = "".join(root.itertext())
        assert texts.count("Quokka") == 2

    def test_the_code_makes_the_same_map(self, reading, monkeypatch):
        import matplotlib.pyplot as plt

        drawn = []
        monkeypatch.setattr(plt, "imshow", lambda image, **_: drawn.append(image))
        for name in ("xticks", "yticks", "show"):
            monkeypatch.setattr(plt, name, lambda *_, **__: None)
        exec(compile(lab_text_take.snippet(SENTENCE, "2.1"), "snippet", "exec"), {})
        assert np.array_equal(drawn[0], reading.maps[1, 1])
