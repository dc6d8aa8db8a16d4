"""Own code in the lab's Compare view: inputs drawn after examples, and the page."""

from contextlib import nullcontext

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from grader.verdict import Array, ExampleResult
from study.folders import SOLUTIONS
from study.problems import load_problems
from views import lab_code_inputs, lab_code_take, lab_compare_code
from views.i18n import strings
from views.lab_code_setup import Code

SLUGS = [problem.slug for problem in load_problems().problems]
SLUG = "scaled-dot-product-attention"


def solution(slug):
    return (SOLUTIONS / slug / "solution.py").read_text(encoding="utf-8")


def example(**inputs):
    words = {"en": "", "zh": ""}
    return ExampleResult("x", words, "6, 2, 1", inputs, None, None)


class TestDrawn:
    def test_every_size_grows_alike_and_small_numbers_stay(self):
        given = example(
            x=Array((1, 2, 3), "float32", None),
            mask=Array((1, 2), "bool", None),
            positions=Array((3,), "int64", [0, 1, 2]),
            lengths=Array((2,), "int64", [1, 5]),
            window="3",
            dim="-1",
            base="100.0",
            causal="True",
            none="None",
        )
        found = lab_code_inputs.drawn_like(given, 4, 0)
        assert found.arguments == [24, 8, 4]
        assert np.shape(found.inputs["x"]) == (4, 8, 12)
        assert np.array(found.inputs["mask"]).any(-1).all()
        assert found.inputs["positions"] == list(range(12))
        assert set(found.inputs["lengths"]) <= set(range(1, 21))
        rest = ("window", "dim", "base", "causal", "none")
        assert [found.inputs[name] for name in rest] == [12, -1, 100.0, True, None]

    def test_the_seed_decides(self):
        given = example(x=Array((2, 3), "float32", None))
        first, again, other = (lab_code_inputs.drawn_like(given, 1, s) for s in (5, 5, 6))
        assert first == again
        assert first != other

    @pytest.mark.parametrize("text", ["[[0.0, 1.0], [2.0]]", "tensor(1.)", "'word'"])
    def test_what_is_no_tensor_and_no_number_cannot_be_drawn(self, text):
        assert lab_code_inputs.drawn_like(example(x=text), 1, 0) is None

    @pytest.mark.parametrize("slug", SLUGS)
    def test_every_solution_takes_what_is_drawn_after_its_example(self, slug, grader):
        examples = grader.examples(slug).examples
        first = examples[0]
        for times in (1, 4):
            drawn = lab_code_inputs.drawn_after(examples, 0, times, 0)
            if drawn is None:
                words = any(isinstance(value, str) for value in first.inputs.values())
                assert words or examples[1].name == first.name
                continue
            result = grader.run(slug, solution(slug), drawn.inputs, drawn.arguments)
            assert result.error is None
            assert [e.error for e in result.examples] == [None], slug
            shapes = {n: v.shape for n, v in first.inputs.items() if isinstance(v, Array)}
            for name, shape in shapes.items():
                got = result.examples[0].inputs[name].shape
                assert got == tuple(times * size for size in shape)


def page():
    from views.lab import render

    render()


class TestPage:
    @pytest.fixture
    def store(self, tmp_path, monkeypatch, grader):
        from views import session

        monkeypatch.setenv("HEADROOM_DATA", str(tmp_path))
        session.store.clear()
        monkeypatch.setattr(lab_compare_code, "grader", lambda: grader)
        yield session.store()
        session.store().close()
        session.store.clear()

    def opened(self, **query):
        test = AppTest.from_function(page, default_timeout=120)
        for name, value in ({"tab": "compare", "code": SLUG} | query).items():
            test.query_params[name] = value
        test.run()
        assert not test.exception
        return test

    def said(self, test):
        kinds = ("markdown", "info", "warning", "error", "caption")
        return "\n".join(item.value for kind in kinds for item in getattr(test, kind))

    def test_a_right_draft_agrees(self, store):
        store.save_draft("local", SLUG, solution(SLUG))
        for inputs in ("example", "drawn", "larger"):
            assert "agree to rounding" in self.said(self.opened(code_inputs=inputs))

    def test_a_wrong_submission_is_shown_with_its_largest_difference(self, store):
        wrong = solution(SLUG).replace("math.sqrt(", "(")
        assert wrong != solution(SLUG)
        number = store.add_submission("local", SLUG, wrong)
        test = self.opened(code_of=str(number), code_inputs="large", seed="3")
        assert "Largest difference" in self.said(test)
        single = {k: v[0] if isinstance(v, list) else v for k, v in test.query_params.items()}
        assert single == {
            "tab": "compare",
            "code": SLUG,
            "code_of": str(number),
            "code_inputs": "large",
            "code_example": "0",
            "seed": "3",
        }

    @pytest.mark.parametrize(
        ("code", "word"),
        [
            ("def broken(:", "SyntaxError"),
            ("x = 1", "scaled_dot_product_attention"),
            (
                "def scaled_dot_product_attention(query, key, value, mask=None):\n"
                "    return query @ key",
                "line 2",
            ),
            (
                "def scaled_dot_product_attention(query, key, value, mask=None):\n    return query",
                "1 outputs",
            ),
        ],
    )
    def test_errors_are_told_plainly(self, store, code, word):
        store.save_draft("local", SLUG, code)
        assert word in self.said(self.opened()).replace("\\", "")

    def test_other_shapes_are_told(self, store):
        store.save_draft(
            "local",
            SLUG,
            "def scaled_dot_product_attention(query, key, value, mask=None):\n"
            "    return value[..., :1], value",
        )
        assert "has the shape (2, 1)" in self.said(self.opened())

    def test_no_code_and_no_such_problem(self, store):
        assert strings()["lab.code_none"]["en"] in self.said(self.opened())
        test = self.opened(code="no-such-problem")
        assert test.warning[0].value == "There is no problem “no-such-problem” here."
        test.selectbox(key="lab_code_slug").set_value(SLUG).run()
        assert not test.warning
        assert test.selectbox(key="lab_code_slug").value == SLUG
        assert SLUG in test.query_params["code"]

    def test_a_bad_name_is_named(self, store):
        test = self.opened(code="../x")
        assert r"code=\.\.\/x" in test.warning[0].value


def test_the_code_shown_runs_the_same(grader, tmp_path, monkeypatch, capsys):
    first = grader.examples(SLUG).examples[0]
    drawn = lab_code_inputs.drawn_like(first, 4, 0)
    wrong = solution(SLUG).replace("math.sqrt(", "(")
    result = grader.run(SLUG, wrong, drawn.inputs, drawn.arguments).examples[0]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "answer.py").write_text(wrong, encoding="utf-8")
    (tmp_path / f"{SLUG}-difference.npz").write_bytes(lab_code_take.arrays_file(result))

    monkeypatch.setattr("grader.Grader", lambda: nullcontext(grader))
    exec(compile(lab_code_take.snippet(Code(SLUG), drawn), "snippet", "exec"), {})
    said = [float(line) for line in capsys.readouterr().out.splitlines()]
    for number, mine, theirs in zip(said, result.outputs, result.expected, strict=True):
        assert number == np.abs(np.array(mine.data) - np.array(theirs.data)).max()
    assert said[0] > 0.01
