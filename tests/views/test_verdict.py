"""How arrays and messages look: which part is shown, what is pointed out, what cannot act."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from streamlit.testing.v1 import AppTest

from grader.verdict import Array, ExampleResult, RunResult
from views import arrays
from views.verdict import duration, literal, marks_of_run

NAMES = ("Yours", "Expected", "Difference")


def cells(markup):
    """The numbers of each table, row by row."""
    tables = re.findall(r"<table.*?</table>", markup)
    return [re.findall(r"<td[^>]+>(.*?)</td>", table) for table in tables]


def words(text):
    return {"en": text, "zh": text}


class TestWindow:
    @given(st.data())
    def test_shows_the_cell_and_stays_inside(self, data):
        shape = tuple(data.draw(st.lists(st.integers(1, 30), max_size=4)))
        index = tuple(data.draw(st.integers(0, size - 1)) for size in shape)
        part = arrays.window(shape, index)
        values = np.arange(math.prod(shape), dtype=float).reshape(shape)
        shown = arrays.block(values, part)
        assert shown.shape == (len(part.rows), len(part.columns))
        assert max(shown.shape) <= arrays.LARGEST
        assert values[index] in shown
        assert part.at == (0, 0, *index)[-2:]

    @pytest.mark.parametrize(
        ("shape", "index", "text"),
        [
            ((), (), ""),
            ((3,), None, ""),
            ((3, 4), (1, 1), ""),
            ((2, 5, 4), (1, 2, 3), "[1, :, :]"),
            ((20,), (10,), "[6:14]"),
            ((2, 20, 4), (0, 19, 0), "[0, 12:20, :]"),
        ],
    )
    def test_says_which_part_it_is(self, shape, index, text):
        assert arrays.where(shape, arrays.window(shape, index)) == text


class TestCompared:
    def test_difference_and_the_cell_in_question(self):
        markup = arrays.compared([[1.0, 2.0]], [[1.0, 4.0]], (0, 1), NAMES)
        assert cells(markup) == [["1", "2"], ["1", "4"], ["0", "−2"]]
        assert re.findall(r"class=at[^>]*>(.*?)<", markup) == ["2", "4", "−2"]

    def test_other_shapes_have_no_difference(self):
        markup = arrays.compared([1.0, 2.0], [[1.0], [2.0]], None, NAMES)
        assert cells(markup) == [["1", "2"], ["1", "2"]]

    def test_what_is_not_finite_is_shown_as_such(self):
        yours, expected = [math.nan, math.inf, -math.inf], [0.0, math.inf, 1.0]
        first, _, difference = cells(arrays.compared(yours, expected, (0,), NAMES))
        assert first == ["nan", "inf", "−inf"]
        assert difference == ["nan", "0", "−inf"]

    def test_booleans(self):
        assert cells(arrays.compared([True], [False], (0,), NAMES)) == [["1"], ["0"], ["1"]]

    def test_rounding_is_not_painted_as_a_mistake(self):
        markup = arrays.compared([1.0 + 1e-8], [1.0], (0,), NAMES)
        tints = re.findall(r"rgba\([^)]*, ([\d.]+)\)", markup)
        assert [float(tint) for tint in tints] == [arrays.DEEPEST, arrays.DEEPEST, 0.0]

    def test_names_are_escaped(self):
        assert "<script>" not in arrays.page([arrays.alone(np.zeros(1), "<script>")])
        assert "<script>" not in arrays.words("<script>", "<script>")

    @pytest.mark.parametrize(
        ("yours", "expected", "same"),
        [
            ([1.0], [1.0 + 1e-6], True),
            ([1.0], [1.01], False),
            ([1.0], [[1.0]], False),
            ([math.nan], [math.nan], True),
            ([math.nan], [0.0], False),
        ],
    )
    def test_agreement(self, yours, expected, same):
        assert arrays.agree(yours, expected) is same

    def test_the_window_is_where_they_differ_most(self):
        yours, expected = np.zeros((2, 3, 20)), np.zeros((2, 3, 20))
        assert arrays.farthest(yours, expected) is None
        yours[0, 0, 0], yours[1, 2, 17] = 1.0, -2.0
        assert arrays.farthest(yours, expected) == (1, 2, 17)
        yours[0, 1, 1] = math.nan
        assert arrays.farthest(yours, expected) == (0, 1, 1)
        assert arrays.farthest(yours, expected[0]) is None
        assert arrays.farthest([math.inf, math.nan], [math.inf, math.nan]) is None

    def test_a_small_array_is_shown_whole_and_a_large_one_in_part(self):
        assert cells(arrays.alone(np.arange(4.0).reshape(2, 2, 1), "x")) == [["0", "1"], ["2", "3"]]
        assert len(cells(arrays.alone(np.zeros((5, 2, 2)), "x"))) == 1

    @pytest.mark.parametrize("shape", [(0,), (0, 2), (2, 0), (0, 2, 2), (2, 0, 3)])
    def test_an_empty_array_has_its_name(self, shape):
        assert "x" in arrays.alone(np.zeros(shape), "x")
        assert cells(arrays.alone(np.zeros(shape), "x")) == [[]]

    def test_numbers(self):
        given = (1001.0, -1000.0, 123456.0, 0.26894, -0.0, 1e-9)
        assert [*map(arrays.number, given)] == ["1001", "−1000", "1.23e+05", "0.269", "0", "1e−09"]


def page(example):
    from views.verdict import draw_example

    draw_example(example)


class TestExample:
    @pytest.mark.parametrize(
        ("yours", "same"),
        [
            (Array((2,), "float32", [1.0, 0.0]), True),
            (Array((2,), "float32", [1.0, 0.5]), False),
            (Array((2,), "float64", [1.0, 0.0]), False),
            (Array((2,), "bool", [True, False]), False),
            (Array((2, 1), "float32", [[1.0], [0.0]]), False),
            ("None", False),
        ],
    )
    def test_run_agrees_where_a_verdict_would(self, yours, same):
        wanted = Array((2,), "float32", [1.0, 0.0])
        example = ExampleResult("x", words("x"), "", {}, (yours,), (wanted,))
        test = AppTest.from_function(page, kwargs={"example": example}).run()
        assert not test.exception
        said = "\n".join(item.value for item in test.markdown)
        assert ("Same as expected" in said) is same
        assert ("Not as expected" in said) is not same


class TestWords:
    @given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60))
    def test_literal_text_has_no_markup(self, text):
        [paragraph] = MarkdownIt().parse(f"x{literal(text)}x")[1:2]
        assert {child.type for child in paragraph.children} <= {"text", "text_special"}
        assert "".join(child.content for child in paragraph.children) == f"x{text}x"

    def test_literal_keeps_lines_apart_and_streamlits_own_markup_out(self):
        assert literal("a\nb") == "a  \nb"
        assert literal(":red[no] :material/check:") == r"\:red\[no\] \:material/check\:"

    def test_duration(self):
        assert (duration(0.0312), duration(9.96)) == ("31 ms", "10.0 s")

    def test_marks_of_a_run_are_of_the_first_line_that_raised(self):
        shown = [
            ExampleResult("a", {"en": "", "zh": ""}, "", {}, None, None, error=error, line=line)
            for error, line in ((None, None), (words("ValueError"), 7), (words("KeyError"), 9))
        ]
        run = RunResult("slug", tuple(shown), "", None, None, 0.1)
        assert marks_of_run(run, "run").items == ((7, "ValueError"),)
