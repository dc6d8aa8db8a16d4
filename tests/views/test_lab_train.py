"""The Train view: its link, its buttons, what it draws and what can be taken away."""

import csv
import io
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import attention
from models import induction, runs
from views import lab_call, lab_setup, lab_train, lab_train_panels, lab_train_take
from views.charts import curves
from views.charts.heatmap import shown
from views.i18n import strings


def page():
    from views.lab import render

    render()


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Runs of two checkpoints after the first."""
    monkeypatch.setattr(runs, "STEPS", 2 * induction.EVERY)
    monkeypatch.setattr(lab_train, "STEPS", 2 * induction.EVERY)
    runs._finished.clear()
    yield
    runs._finished.clear()


def opened(**query):
    test = AppTest.from_function(page, default_timeout=60)
    test.query_params["tab"] = "train"
    for name, value in query.items():
        test.query_params[name] = value
    return test.run()


def query_of(test):
    return {k: v[0] if isinstance(v, list) else v for k, v in test.query_params.items()}


def finish(test):
    test.session_state[lab_train._RUN].join(60)
    return test.run()


@pytest.fixture(scope="module")
def run():
    """A run of two short steps, for what is made of runs."""
    before, runs.STEPS = runs.STEPS, induction.EVERY
    made = runs.Run(5, 2).start()
    made.join(60)
    runs.STEPS = before
    return made


def test_a_link_comes_back():
    query = {"tab": "train", "seed": "7", "train_heads": "4", "step": "120", "head": "2"}
    query["zoom"] = "0-9,4-12"
    names = list(attention.variants())
    setup, complaints = lab_setup.read(query, names, lab_call.knobs)
    assert complaints == []
    assert lab_setup.write(setup, lab_call.knobs(setup.variant)) == query


@pytest.mark.parametrize(("name", "value"), [("train_heads", "3"), ("step", "-1"), ("step", "x")])
def test_a_bad_value_is_told_and_the_page_stands(name, value):
    test = opened(**{name: value})
    assert not test.exception
    assert name in test.warning[0].value.replace("\\", "")


def test_nothing_is_trained_before_it_is_asked_for():
    test = opened()
    assert not test.exception
    assert test.session_state[lab_train._RUN] is None
    assert not test.slider
    assert not test.button(key="lab_train_start").disabled
    assert test.button(key="lab_train_stop").disabled


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_train_then_slide(lang):
    test = AppTest.from_function(page, default_timeout=60)
    test.session_state["language"] = lang
    test.query_params["tab"] = "train"
    test.run()
    test.button(key="lab_train_start").click().run()
    finish(test)
    assert not test.exception
    assert test.button(key="lab_train_start").disabled
    assert test.slider[0].value == 2 * induction.EVERY
    test.slider[0].set_value(induction.EVERY).run()
    assert query_of(test)["step"] == str(induction.EVERY)
    assert any(str(induction.EVERY) in text.value for text in test.markdown)


def test_another_seed_trains_it():
    test = opened(seed="3")
    test.button(key="lab_train_next").click().run()
    finish(test)
    assert query_of(test)["seed"] == "4"
    assert test.number_input(key="lab_seed").value == 4
    assert test.session_state[lab_train._RUN].seed == 4


def test_a_link_with_a_step_trains_by_itself_and_shows_it():
    test = finish(opened(seed="2", step="7", train_heads="1"))
    assert not test.exception
    assert test.slider[0].value == induction.EVERY
    assert runs.finished(2, 1) is not None


def test_another_seed_in_the_controls_drops_the_run():
    test = opened()
    test.button(key="lab_train_start").click().run()
    finish(test)
    test.number_input(key="lab_seed").set_value(1).run()
    assert test.session_state[lab_train._RUN] is None
    test.number_input(key="lab_seed").set_value(0).run()
    assert test.session_state[lab_train._RUN].state == "done", "finished runs are found again"


def test_a_failure_is_said(monkeypatch):
    def broken(self):
        raise MemoryError("no memory left")

    monkeypatch.setattr(induction.Learner, "advance", broken)
    test = opened()
    test.button(key="lab_train_start").click().run()
    finish(test)
    assert not test.exception
    assert test.session_state[lab_train._RUN].state == "failed"


class TestPanels:
    def test_pure_patterns_are_what_a_perfect_model_would_show(self, run):
        found = lab_train_panels.ideals(run.tokens)
        assert found["previous"][3, 2] == 1
        assert found["previous"].sum() == induction.LENGTH - 1
        rows = found["induction"].sum(1)
        assert set(np.round(rows, 5)) == {0, 1}
        for query, key in np.argwhere(found["induction"]):
            assert run.tokens[key - 1] == run.tokens[query]
            assert key <= query

    def test_every_head_has_a_map_and_a_name(self, run):
        item = lab_train_panels.panel_at(run, 0)
        assert item.values.shape == (8, induction.LENGTH, induction.LENGTH)
        assert len(item.labels) == len(set(item.labels)) == 8
        assert "".join(item.row_names) == lab_train_panels.letters(run)

    def test_the_summary_names_the_best_heads(self, run):
        found = run.at(0)[2]
        layer, head = np.unravel_index(found.induction.argmax(), found.induction.shape)
        said = lab_train_panels.summary(run, 0)
        assert f"induction head: layer {layer + 1} head {head}" in said
        assert f"{100 * found.accuracy:.0f}%" in said


class TestTakeAway:
    def test_curves_as_a_table(self, run):
        rows = list(csv.reader(io.StringIO(lab_train_take.curves_csv(run).decode("utf-8-sig"))))
        assert rows[0][:3] == ["step", "loss_2_layers", "accuracy_2_layers"]
        assert [row[0] for row in rows[1:]] == [str(step) for step in run.steps]
        assert float(rows[1][1]) == pytest.approx(run.at(0)[2].loss)

    def test_curves_as_a_figure(self, run):
        root = ElementTree.fromstring(lab_train_take.curves_svg(lab_train_panels.charts(run, 0)))
        assert len(root.findall("{http://www.w3.org/2000/svg}svg")) == 3

    def test_curves_are_in_the_language_of_the_page(self, monkeypatch):
        makers = {}
        keep = lambda label, make, file, *_, **__: makers.update({file: make})  # noqa: E731
        monkeypatch.setattr(lab_train_take.st, "download_button", keep)
        test = AppTest.from_function(page, default_timeout=60)
        test.session_state["language"] = "zh"
        test.query_params["tab"] = "train"
        finish(test.run().button(key="lab_train_start").click().run())
        (make,) = (make for file, make in makers.items() if file.endswith("curves.svg"))
        title = strings()["lab.train_curve_loss"]["zh"]
        assert title in make().decode(), "made where there is no session, as a download is"

    def test_every_checkpoint_as_arrays(self, run):
        with np.load(io.BytesIO(lab_train_take.npz(run)), allow_pickle=False) as found:
            assert found["maps_2"].shape == (2, 2, 2, induction.LENGTH, induction.LENGTH)
            assert np.array_equal(found["maps_1"][0], run.at(0)[1].maps)
            assert found["steps"].tolist() == run.steps

    def test_the_code_makes_the_same_map(self, run, monkeypatch):
        import matplotlib.pyplot as plt

        drawn = []
        monkeypatch.setattr(plt, "imshow", lambda image, **_: drawn.append(image))
        monkeypatch.setattr(plt, "show", lambda: None)
        step = run.steps[-1]
        exec(compile(lab_train_take.snippet(run, step), "snippet", "exec"), {})
        assert np.array_equal(drawn[0], run.at(step)[2].maps[1, 0])

    def test_maps_as_they_are_shown(self, run):
        from views.charts import export

        item = lab_train_panels.panel_at(run, 0)
        assert export.csv(item, shown(item, 1, None)).count(b"\n") == induction.LENGTH**2 + 1


class TestCurves:
    def chart(self, **options):
        line = curves.Curve("<two> & co", [0, 10, 20], [3.0, 1.0, 0.5])
        return curves.Chart("Loss", [line], "step", 100, 3.5, **options)

    def test_a_picture_is_well_formed_whatever_it_is_called(self):
        root = ElementTree.fromstring(curves.svg(self.chart(marker=10), 'said "so" <b>'))
        assert root.get("aria-label") == 'said "so" <b>'
        texts = ["".join(text.itertext()) for text in root.iter() if text.tag.endswith("text")]
        assert "<two> & co 1.00" in texts

    def test_the_value_is_that_at_the_marker(self):
        line = self.chart().curves[0]
        assert [line.at(x) for x in (-1, 0, 9, 10, 99)] == [None, 3.0, 3.0, 1.0, 0.5]

    @pytest.mark.parametrize(
        ("end", "expected"),
        [(1.0, [0, 0.2, 0.4, 0.6, 0.8, 1.0]), (3.47, [0, 1, 2, 3]), (300, [0, 50, 100])],
    )
    def test_ticks_are_round(self, end, expected):
        assert curves.ticks(end)[: len(expected)] == expected
        assert curves.ticks(end)[-1] <= end


def test_words_for_every_state():
    for state in ("waiting", "running", "done", "stopped", "failed"):
        assert f"lab.train_{state}" in strings()
