"""The lab: what a link means, what a call records, what is said of it, and the page itself."""

import dataclasses
import io

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

import attention
from views import (
    lab_axes,
    lab_call,
    lab_claims,
    lab_claims_take,
    lab_claims_view,
    lab_compare_take,
    lab_export,
    lab_formulas,
    lab_measures,
    lab_panels,
    lab_setup,
    lab_verdict_take,
)
from views.charts import export
from views.charts.heatmap import Panel
from views.i18n import strings
from views.lab_setup import Mask, Setup

NAMES = list(attention.variants())
KINDS = lab_setup.MASKS


def setup_of(**query):
    found, complaints = lab_setup.read(query, NAMES, lab_call.knobs)
    assert complaints == []
    return found


def page():
    from views.lab import render

    render()


def opened(**query):
    test = AppTest.from_function(page, default_timeout=60)
    for name, value in query.items():
        test.query_params[name.replace("__", ".")] = value
    return test.run()


def query_of(test):
    single = {k: v[0] if isinstance(v, list) else v for k, v in test.query_params.items()}
    return {name: value for name, value in single.items() if name != "lang"}


class TestLink:
    @pytest.mark.parametrize("name", NAMES)
    def test_defaults_come_back(self, name):
        first = setup_of(variant=name)
        query = lab_setup.write(first, lab_call.knobs(name))
        assert setup_of(**query) == first

    @given(st.data())
    def test_every_choice_comes_back(self, data):
        name = data.draw(st.sampled_from(NAMES))
        knobs = lab_call.knobs(name)
        sizes = {n: data.draw(st.integers(1, lab_setup.largest_size(n))) for n in knobs.sizes}
        kind = data.draw(st.sampled_from(knobs.masks)) if knobs.masks else "none"
        number = data.draw(st.integers(1, 99))
        numbers = {"window": {"window": number}, "padding": {"valid": number}}
        other = data.draw(st.sampled_from([n for n in NAMES if comparable(name, n)]))
        chosen = Setup(
            variant=name,
            sizes=lab_call.knobs(other).sizes | sizes,
            parameters={n: draw_parameter(data, e) for n, e in knobs.parameters.items()},
            mask=Mask(kind, **numbers.get(kind, {})),
            seed=data.draw(st.integers(0, lab_setup.MAX_SEED)),
            dtype=data.draw(st.sampled_from(lab_setup.DTYPES)),
            tab="compare",
            stage=data.draw(st.sampled_from(["scores", "weights"])),
            head=data.draw(st.none() | st.integers(0, 20)),
            zoom=data.draw(st.sampled_from([None, lab_setup.Zoom(0, 4, 2, 6)])),
            other=other,
            other_parameters=lab_call.knobs(other).defaults(),
        )
        query = lab_setup.write(chosen, knobs, lab_call.knobs(other))
        assert setup_of(**query) == chosen

    @pytest.mark.parametrize(
        ("name", "value", "used"),
        [
            ("variant", "nonsense", "scaled_dot_product"),
            ("heads", "banana", "4"),
            ("heads", "0", "1"),
            ("keys", "99999999999999999999", "4096"),
            ("seed", "-1", "0"),
            ("temperature", "nan", "1"),
            ("temperature", "-3", "0.05"),
            ("scaled", "maybe", "on"),
            ("mask", "triangle", "none"),
            ("mask_keep", "7", "1"),
            ("dtype", "int4", "float32"),
            ("tab", "secret", "stages"),
            ("head", "-1", "–"),
            ("zoom", "1-2", "–"),
            ("zoom", "5-2,1-3", "–"),
            ("with", "nonsense", "sliding_window"),
            ("with", "causal", "sliding_window"),
        ],
    )
    def test_a_bad_value_is_named_and_replaced(self, name, value, used):
        setup, complaints = lab_setup.read({name: value}, NAMES, lab_call.knobs)
        assert [(c.name, c.value, c.used) for c in complaints] == [(name, value, used)]
        again, none = lab_setup.read(
            lab_setup.write(setup, lab_call.knobs(setup.variant)), NAMES, lab_call.knobs
        )
        assert none == []
        assert again.sizes == setup.sizes

    def test_an_unknown_name_is_named(self):
        _, complaints = lab_setup.read({"colour": "red"}, NAMES, lab_call.knobs)
        assert [(c.name, c.used) for c in complaints] == [("colour", "")]

    @given(
        st.dictionaries(
            st.sampled_from(
                [
                    "variant",
                    "heads",
                    "seed",
                    "zoom",
                    "mask_keep",
                    "head",
                    "mask",
                    "temperature",
                    "with",
                ]
            ),
            st.text(max_size=12),
        )
    )
    def test_no_text_whatever_raises(self, query):
        setup, _ = lab_setup.read(query, NAMES, lab_call.knobs)
        assert setup.variant in NAMES

    @pytest.mark.parametrize("name", NAMES)
    def test_names_in_a_link_mean_one_thing(self, name):
        knobs = lab_call.knobs(name)
        setup, _ = lab_setup.read({"variant": name}, NAMES, lab_call.knobs)
        query = lab_setup.write(setup, knobs)
        assert len(query) == 4 + len(knobs.sizes) + len(knobs.parameters)
        assert not knobs.sizes.keys() & knobs.parameters.keys()


def comparable(first, second):
    return lab_setup.comparable(lab_call.knobs(first), lab_call.knobs(second))


def draw_parameter(data, entry):
    if "choices" in entry:
        return data.draw(st.sampled_from(entry["choices"]))
    if isinstance(entry["default"], bool):
        return data.draw(st.booleans())
    if isinstance(entry["default"], int):
        return data.draw(st.integers(int(entry["min"]), int(entry["max"])))
    return entry["default"]


class TestCall:
    @pytest.mark.parametrize("name", NAMES)
    def test_stages_are_the_tensors_themselves(self, name):
        call = lab_call.run(setup_of(variant=name))
        assert call.refusal == ""
        assert "output" in call.stages
        for stage in call.stages.values():
            assert stage.maps.size == np.prod(stage.shape)
            assert len(lab_panels.labels(stage)) == len(stage.maps)

    @pytest.mark.parametrize("dtype", lab_setup.DTYPES)
    def test_every_precision(self, dtype):
        call = lab_call.run(setup_of(variant="scaled_dot_product", dtype=dtype, mask="causal"))
        assert call.stages["weights"].dtype == dtype
        assert np.allclose(call.stages["weights"].maps.sum(-1), 1, atol=0.02)

    @pytest.mark.parametrize("name", [n for n in NAMES if len(lab_call.knobs(n).masks) > 0])
    @pytest.mark.parametrize("kind", KINDS)
    def test_every_mask_holds(self, name, kind):
        knobs = lab_call.knobs(name)
        if kind not in knobs.masks:
            return
        sizes = {n: s for n, s in {"queries": "5", "keys": "9"}.items() if n in knobs.sizes}
        call = lab_call.run(setup_of(variant=name, mask=kind, **sizes))
        assert call.refusal == ""
        weights = call.stages["weights"].maps
        assert np.isfinite(weights).all()
        if kind == "none":
            assert "mask" not in call.inputs
        else:
            mask = call.inputs["mask"].reshape(-1, weights.shape[-1]).numpy()
            allowed = np.broadcast_to(mask, weights.shape[1:])
            assert (weights[:, ~allowed] == 0).all()
            assert not allowed.all()

    def test_masks_are_aligned_bottom_right(self):
        causal = lab_call.pairs(Mask("causal"), 2, 4, 0)
        assert causal.tolist() == [[True, True, True, False], [True] * 4]
        window = lab_call.pairs(Mask("window", window=2), 2, 4, 0)
        assert window.tolist() == [[False, True, True, False], [False, False, True, True]]
        padding = lab_call.pairs(Mask("padding", valid=1), 1, 3, 0)
        assert padding.tolist() == [[True, False, False]]

    def test_sizes_that_do_not_fit_are_refused_with_a_reason(self):
        setup = setup_of(variant="causal", num_heads="5")
        assert lab_call.run(setup).refusal
        assert lab_setup.misfit(setup) == ("num_heads", {"heads": 5, "model": 32})
        setup = setup_of(variant="grouped_query", heads="4", kv_heads="3")
        assert lab_call.run(setup).refusal
        assert lab_setup.misfit(setup) == ("kv_heads", {"heads": 4, "kv_heads": 3})

    def test_too_many_cells_are_refused_before_any_memory_is_taken(self):
        setup = setup_of(variant="scaled_dot_product", heads="64", queries="4096", keys="4096")
        assert lab_call.run(setup).refusal
        assert lab_setup.misfit(setup)[0] == "cells"

    @pytest.mark.parametrize(
        ("variant", "sizes", "said"),
        [
            ("vit_patch", {"width": "13"}, {"name": "width", "part": "patch", "count": 4}),
            ("moba", {"length": "13"}, {"name": "length", "part": "block_size", "count": 4}),
            ("rotary_2d", {"dim": "6"}, {"name": "dim", "count": 4}),
            ("t5_bias", {"buckets": "1"}, {"name": "buckets", "least": 4}),
            ("t5_bias", {"buckets": "1024"}, {"name": "max_distance", "least": 257}),
            ("paged", {"pages": "1"}, {"name": "pages", "least": 6}),
            ("paged", {"page_size": "1"}, {"name": "page_size", "least": 4}),
            ("native_sparse", {"length": "1"}, {"name": "length", "least": 4}),
            ("tree", {"keys": "3"}, {"name": "keys", "least": 7}),
        ],
    )
    def test_the_control_at_fault_is_named(self, variant, sizes, said):
        setup = setup_of(variant=variant, **sizes)
        assert lab_call.run(setup).refusal
        key, values = lab_setup.misfit(setup)
        assert values.items() >= said.items()
        name = values["name"]
        if "least" in values:
            assert not lab_call.run(
                setup_of(variant=variant, **sizes | {name: str(said["least"])})
            ).refusal
        for lang in ("en", "zh"):
            strings()[f"lab.misfit_{key}"][lang].format(**values)

    def test_given_tensors_stand_in(self):
        setup = setup_of(variant="scaled_dot_product", tab="compare", **{"with": "grouped_query"})
        first = lab_call.run(setup)
        setup = dataclasses.replace(setup, variant="scaled_dot_product")
        second = lab_call.run(setup, other=False, given=first.inputs)
        assert all(second.inputs[name] is tensor for name, tensor in first.inputs.items())


@pytest.mark.parametrize("variant", NAMES)
def test_every_control_has_a_name_in_both_languages(variant):
    known = attention.variants()[variant]
    names = [f"size_{name}" for name in known.sizes]
    names += [f"parameter_{name}" for name in known.parameters]
    assert [name for name in names if f"lab.{name}" not in strings()] == []


class TestWhatAMapIs:
    """Axes, names of maps, units and titles: said only where they are true."""

    @pytest.mark.parametrize("name", NAMES)
    def test_every_stage_of_every_variant(self, name):
        known = lab_call.knobs(name)
        chosen = {"queries": 5, "keys": 9, "length": 12}  # no other dimension has these sizes
        chosen = {n: size for n, size in chosen.items() if n in known.sizes}
        call = lab_call.run(setup_of(variant=name, **{n: str(s) for n, s in chosen.items()}))
        assert not call.refusal
        for stage in call.stages.values():
            assert len(stage.axes) == len(stage.shape), stage.name
            assert all(f"lab.axis_{axis}" in strings() for axis in stage.axes), stage.name
            base = lab_axes.base_of(stage.name).replace(" ", "_")
            assert f"lab.stage_{base}" in strings(), "a name in both languages"
            assert stage.is_pairwise == (stage.axes[-2:] == ("query", "key"))
            if stage.is_pairwise and chosen:
                length = chosen.get("length")
                sides = (chosen.get("queries", length), chosen.get("keys", length))
                assert stage.shape[-2:] == sides, stage.name
            if lab_panels.unit(stage) == strings()["lab.unit_weights"]["en"]:
                assert (stage.maps >= 0).all(), stage.name
                sums = stage.maps.sum(-1)
                assert np.allclose(sums[sums != 0], 1, atol=1e-3), stage.name

    @pytest.mark.parametrize(
        ("variant", "stage", "rows", "columns", "last", "unit"),
        [
            ("vit_patch", "image", "row", "column", "channel 2", "plain"),
            ("squeeze_excitation", "x", "row", "column", "channel 7", "plain"),
            ("squeeze_excitation", "weights", "item", "channel", "", "plain"),
            ("cbam", "weights", "row", "column", "", "plain"),
            ("deformable", "image", "row", "column", "channel 31", "plain"),
            ("deformable", "weights", "query", "point", "head 3", "weights"),
            ("paged", "weights", "head", "key", "sequence 1", "weights"),
            ("rotary_2d", "query", "column", "feature", "head 3, row 2", "plain"),
            ("axial", "scores", "query", "key", "head 3, column 5", "scores"),
            ("axial", "weights 2", "query", "key", "head 3, row 4", "weights"),
            ("slot_attention", "shares 2", "slot", "key", "head 3", "plain"),
            ("slot_attention", "weights", "slot", "key", "head 3", "weights"),
            ("talking_heads", "mixed scores", "query", "key", "head 3", "scores"),
            ("talking_heads", "mixed weights", "query", "key", "head 3", "plain"),
            ("low_rank", "approximated", "query", "key", "head 3", "plain"),
            ("native_sparse", "compressed weights", "query", "block", "head 3", "weights"),
            ("retention", "weights", "query", "key", "head 3", "plain"),
            ("sigmoid", "weights", "query", "key", "head 3", "plain"),
            ("nystrom", "weights", "query", "key", "head 3", "plain"),
            ("causal", "x", "position", "feature", "", "plain"),
            ("gated_delta", "decay", "head", "position", "", "plain"),
            ("padding", "lengths", "row", "item", "", "plain"),
        ],
    )
    def test_what_is_not_heads_by_queries_by_keys(self, variant, stage, rows, columns, last, unit):
        found = lab_call.run(setup_of(variant=variant)).stages[stage]
        assert lab_panels.axes(found) == (rows, columns)
        assert lab_panels.labels(found)[-1] == last
        assert lab_panels.unit(found) == strings()[f"lab.unit_{unit}"]["en"]

    @pytest.mark.parametrize("dtype", lab_setup.DTYPES)
    def test_rounded_and_empty_rows_are_shares_all_the_same(self, dtype):
        query = {"variant": "scaled_dot_product", "mask": "random", "mask_keep": "0.1"}
        stage = lab_call.run(setup_of(keys="64", queries="64", dtype=dtype, **query)).stages
        assert stage["weights"].is_shared_out
        assert not stage["mask"].is_shared_out

    def test_a_repetition_keeps_its_number(self):
        assert lab_panels.stage_title("mixed scores") == "Mixed scores"
        assert lab_panels.stage_title("weights 2") == "Weights 2"
        assert lab_panels.stage_title("key1") == "First key"

    @pytest.mark.parametrize("stack", ["1", "2"])
    @pytest.mark.parametrize(
        ("variant", "measured"),
        [("scaled_dot_product", 1), ("paged", 0), ("squeeze_excitation", 0), ("linformer", 0)],
    )
    def test_heads_are_measured_only_from_queries_to_keys(self, variant, measured, stack):
        test = opened(variant=variant, tab="heads", stack=stack)
        assert not test.exception
        assert len(test.dataframe) == measured


class TestFormulas:
    def test_textbook_attention_is_recognised(self):
        stages = lab_call.run(setup_of(variant="scaled_dot_product", mask="causal")).stages
        for name in ("scores", "scaled", "masked", "weights", "output"):
            assert lab_formulas.formula(stages, name), name
        left, right = lab_formulas.factors(stages, "scores")
        assert np.allclose(left @ right.transpose(0, 2, 1), stages["scores"].maps, atol=1e-5)

    def test_a_formula_that_does_not_hold_is_not_shown(self):
        stages = dict(lab_call.run(setup_of(variant="scaled_dot_product")).stages)
        for name in ("scores", "scaled", "weights", "output"):
            wrong = stages[name].maps.copy()
            wrong[-1, 0, 0] += 0.1
            changed = stages | {name: dataclasses.replace(stages[name], maps=wrong)}
            assert lab_formulas.formula(changed, name) == "", name
        assert (
            lab_formulas.formula(lab_call.run(setup_of(variant="additive")).stages, "scores") == ""
        )

    def test_scale_and_temperature_are_told(self):
        def scaled(**query):
            stages = lab_call.run(setup_of(variant="scaled_dot_product", **query)).stages
            return lab_formulas.formula(stages, "scaled")

        assert scaled() == r"S / \sqrt{d} = S / \sqrt{16}"
        assert scaled(scaled="off") == "S"
        assert "T = 2" in scaled(temperature="2")

    def test_the_line_of_code_is_the_one_that_runs(self):
        assert lab_formulas.code_line("scaled_dot_product", "scores") == (
            "query @ key.transpose(-2, -1)"
        )
        assert "split_heads" in lab_formulas.code_line("multi_head", "query")
        assert lab_formulas.code_line("causal", "query") == "", "not that of multi_head"
        assert lab_formulas.code_line("causal", "scores") == "query @ key.transpose(-2, -1)"


class TestMeasures:
    def measured(self, weights):
        return lab_measures.measure(np.asarray(weights, dtype=np.float32))

    def test_named_patterns(self):
        eye = np.eye(8)
        previous = np.eye(8, k=-1)
        previous[0, 0] = 1
        first = np.zeros((8, 8))
        first[:, 0] = 1
        blocks = np.kron(np.eye(2), np.full((4, 4), 0.25))
        patterns = {"diagonal": eye, "previous": previous, "first": first, "block": blocks}
        for name, weights in patterns.items():
            # A little of everything, so that the rows do not look as if a mask had made them.
            assert self.measured(0.9 * weights + 0.1 / 8).pattern == name
        assert self.measured(np.full((8, 8), 1 / 8)).pattern == "uniform"

    def test_entropy_and_distance(self):
        found = self.measured(np.full((1, 8), 1 / 8))
        assert found.entropy == pytest.approx(3)
        assert found.distance == pytest.approx(3.5)  # the query stands at the last of eight keys
        assert self.measured(np.eye(4)).entropy == 0
        assert self.measured(np.eye(4)).distance == 0
        assert self.measured(np.eye(4, k=-1)).distance == pytest.approx(1), "empty row left out"

    def test_causal_uniform_is_uniform(self):
        weights = np.tril(np.ones((8, 8)))
        assert self.measured(weights / weights.sum(1, keepdims=True)).pattern == "uniform"

    def test_nothing_attended_and_no_distribution(self):
        assert self.measured(np.zeros((3, 3))).pattern == "mixed"
        assert np.isnan(self.measured([[-0.5, 1.5]]).entropy)


class TestSnippet:
    @pytest.mark.parametrize("name", NAMES)
    def test_it_makes_the_same_map(self, name, monkeypatch):
        self.same(monkeypatch, setup_of(variant=name), "output")

    @pytest.mark.parametrize("kind", KINDS)
    @pytest.mark.parametrize("name", ["scaled_dot_product", "multi_head", "cross"])
    def test_with_a_mask(self, name, kind, monkeypatch):
        if kind in lab_call.knobs(name).masks:
            query = {"variant": name, "mask": kind, "queries": "5", "keys": "7", "dtype": "float64"}
            self.same(monkeypatch, setup_of(**query), "weights")

    def same(self, monkeypatch, setup, stage):
        import matplotlib.pyplot as plt

        drawn = []
        monkeypatch.setattr(plt, "imshow", lambda image, **_: drawn.append(image))
        monkeypatch.setattr(plt, "colorbar", lambda: None)
        monkeypatch.setattr(plt, "show", lambda: None)
        call = lab_call.run(setup)
        exec(compile(lab_export.snippet(setup, stage, call), "snippet", "exec"), {})
        assert torch.equal(drawn[0], torch.tensor(call.stages[stage].maps[0]))


class TestPage:
    @pytest.mark.parametrize("name", NAMES)
    def test_every_variant_opens_and_writes_its_link(self, name):
        test = opened(variant=name)
        assert not test.exception
        assert not test.warning
        assert query_of(test) == lab_setup.write(setup_of(variant=name), lab_call.knobs(name))

    def test_a_link_opens_again_what_was_set(self):
        query = {"variant": "multi_head", "tab": "compare", "queries": "5", "keys": "7"}
        query |= {"num_heads": "8", "mask": "padding", "mask_valid": "4"}
        query |= {"with": "multi_head", "with__num_heads": "2"}
        test = opened(**query)
        again = opened(**{k.replace(".", "__"): v for k, v in query_of(test).items()})
        assert not again.exception
        assert not again.warning
        assert query_of(again) == query_of(test)
        assert query_of(again).items() >= {"queries": "5", "with.num_heads": "2"}.items()

    @pytest.mark.parametrize("tab", lab_setup.TABS)
    @pytest.mark.parametrize("lang", ["en", "zh"])
    def test_every_view(self, tab, lang):
        test = AppTest.from_function(page, default_timeout=60)
        test.session_state["language"] = lang
        test.query_params["tab"] = tab
        test.run()
        assert not test.exception
        assert not test.warning
        assert test.title[0].value == strings()["nav.lab"][lang]

    @pytest.mark.parametrize(
        "query",
        [
            {"variant": "nonsense"},
            {"heads": "banana", "zoom": "x", "tab": "y", "with": "z"},
            {"variant": "causal", "mask": "causal", "seed": "9" * 40},
            {"submission": "x"},
            {"problem": "no-such-problem", "submission": "1", "check": "none"},
        ],
    )
    def test_bad_links_give_a_message_and_no_traceback(self, query):
        test = opened(**query)
        assert not test.exception
        assert test.warning

    def test_a_combination_that_does_not_fit_says_so_in_place_of_the_map(self):
        test = opened(variant="multi_head", num_heads="5")
        assert not test.exception
        assert "32" in test.warning[0].value
        assert "5" in test.warning[0].value

    @pytest.mark.parametrize("tab", ["stages", "compare"])
    def test_what_does_not_fit_is_named_as_the_page_names_it(self, tab):
        query = {"variant": "moba", "tab": tab, "length": "13"}
        said = opened(**query).warning[0].value
        assert "Length = 13 must be a multiple of Block size = 4" in said

    def test_a_refusal_in_pythons_words_says_that_it_is(self):
        said = opened(variant="cbam", kernel="2").warning[0].value
        assert "Python's own message: the kernel must be odd" in said

    def test_signs_of_markdown_in_a_link_do_not_act(self):
        said = opened(variant="$x_1$ **b**", **{"foo_*bar*": "1"}).warning[0].value
        assert r"\$x\_1\$ \*\*b\*\*" in said
        assert r"foo\_\*bar\*" in said

    def test_a_change_is_written_into_the_link(self):
        test = opened(variant="scaled_dot_product")
        test.number_input(key="lab_size_keys").set_value(11).run()
        test.selectbox(key="lab_mask").set_value("window").run()
        test.number_input(key="lab_mask_window").set_value(2).run()
        query = query_of(test)
        assert (query["keys"], query["mask"], query["mask_window"]) == ("11", "window", "2")
        assert not test.exception

    def test_numbers_outlive_a_look_at_another_variant(self):
        test = opened(variant="scaled_dot_product", keys="11", temperature="2")
        test.selectbox(key="lab_variant").set_value("causal").run()
        test.selectbox(key="lab_variant").set_value("scaled_dot_product").run()
        assert query_of(test)["keys"] == "11"
        assert query_of(test)["temperature"] == "2"

    def test_an_address_changed_from_outside_is_followed(self):
        test = opened(variant="scaled_dot_product", keys="11")
        test.query_params.clear()
        test.query_params["variant"] = "causal"
        test.query_params["length"] = "5"
        test.run()
        assert test.number_input(key="lab_size_length").value == 5

    def test_comparison_tells_the_largest_difference(self):
        itself = {"variant": "scaled_dot_product", "tab": "compare", "with": "scaled_dot_product"}
        same = opened(**itself)
        assert strings()["lab.compare_equal"]["en"] in [m.value for m in same.markdown]
        other = opened(**itself, with__temperature="3")
        assert not other.exception
        assert any("Largest difference" in m.value for m in other.markdown)

    def test_comparison_begins_with_two_that_differ(self):
        test = opened(variant="scaled_dot_product")
        test.segmented_control(key="lab_tab").set_value("compare").run()
        assert test.selectbox(key="lab_other").value == lab_setup.SECOND
        assert any("Largest difference" in m.value for m in test.markdown)
        alone = opened(variant="causal", tab="compare")
        assert alone.selectbox(key="lab_other").value == "causal", "no other takes its inputs"


class TestComparisonTakenAway:
    @pytest.mark.parametrize(
        ("first", "second", "stage", "query"),
        [
            ("scaled_dot_product", "scaled_dot_product", "weights", {"with.temperature": "3"}),
            ("multi_head", "multi_head", "scores", {"temperature": "2", "mask": "causal"}),
            ("scaled_dot_product", "rotary", "output", {"dtype": "float64"}),
        ],
    )
    def test_the_code_draws_the_difference(
        self, first, second, stage, query, monkeypatch, tmp_path
    ):
        import matplotlib.pyplot as plt

        setup = setup_of(variant=first, tab="compare", **({"with": second} | query))
        one = lab_call.run(setup)
        two = lab_call.run(setup, other=True, given=one.inputs)
        saved = lab_compare_take.arrays_file(one, two, stage)
        (tmp_path / "comparison.npz").write_bytes(saved)
        drawn = []
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(plt, "imshow", lambda image, **_: drawn.append(image))
        monkeypatch.setattr(plt, "colorbar", lambda: None)
        monkeypatch.setattr(plt, "show", lambda: None)
        code = lab_compare_take.snippet(setup, one, two, stage, 1)
        exec(compile(code, "snippet", "exec"), {})
        gap = one.stages[stage].maps[1] - two.stages[stage].maps[1]
        assert np.allclose(drawn[0].numpy(), gap, atol=1e-5)
        cells = one.stages[stage].maps.size
        assert len(lab_compare_take.table_file(one, two, stage).splitlines()) == 1 + cells


class TestFailedCheck:
    @pytest.fixture
    def submission(self, tmp_path, monkeypatch):
        from views import session

        monkeypatch.setenv("HEADROOM_DATA", str(tmp_path))
        session.store.clear()
        store = session.store()
        number = store.add_submission("local", "self-attention", "code")
        yield store, number
        session.store.clear()
        store.close()

    def verdict(self, **detail):
        words = {"en": "It differs.", "zh": "结果不同。"}
        check = {
            "name": "check_values",
            "passed": False,
            "title": words,
            "message": words,
            "seconds": 0.1,
            "detail": detail,
        }
        return {"slug": "self-attention", "verdict": "wrong", "checks": [check]}

    def draw(self, number):
        return opened(problem="self-attention", submission=str(number), check="check_values")

    def test_maps_and_inputs(self, submission):
        store, number = submission
        arrays = {"yours": [[[1.0, 2.0]]], "expected": [[[1.0, float("nan")]]]}
        inputs = {"input 1": [[1.0, 2.0]], "input 2": None, "input 3": 4}
        store.record_verdict(number, self.verdict(arrays=arrays, inputs=inputs, call="(4, 2)"))
        test = self.draw(number)
        assert not test.exception
        assert not test.info
        assert "It differs." in [text.value for text in test.text]

    @pytest.mark.parametrize(
        "detail",
        [
            {"what": "raised"},
            {"arrays": {"yours": [[1.0]], "expected": [1.0, 2.0]}},
            {"shape_got": [1, 2], "shape_expected": [2, 1]},
            {"arrays": {"yours": [], "expected": []}, "inputs": {"a": [[1], [2, 3]]}},
            {"arrays": {"yours": [True, False], "expected": [False, False]}},
        ],
    )
    def test_whatever_was_kept(self, submission, detail):
        store, number = submission
        store.record_verdict(number, self.verdict(**detail))
        assert not self.draw(number).exception

    def test_what_is_taken_away(self, submission):
        store, number = submission
        verdict = self.verdict(arrays={"yours": [[1.0, 2.0]], "expected": [[1.0, 3.0]]})
        store.record_verdict(number, verdict | {"seed": 17})
        test = self.draw(number)
        assert not test.exception
        assert "seed=17" in "".join(block.value for block in test.code)
        arrays = {"yours": np.array([[1.0, 2.0]]), "input 1": np.array([3.0])}
        saved = np.load(io.BytesIO(lab_verdict_take.arrays_file(arrays)))
        assert saved["input_1"].tolist() == [3.0]
        assert lab_verdict_take.table_file(arrays).decode("utf-8-sig").splitlines() == [
            "tensor,index,value",
            "yours,0 0,1",
            "yours,0 1,2",
            "input 1,0,3",
        ]

    def test_a_problem_that_does_not_exist_is_named(self, submission):
        (said,) = opened(problem="no_pe").warning
        assert said.value == r"There is no problem “no\_pe” here."
        (said,) = opened(problem="self-attention", submission="$9$").warning
        assert said.value == r"There is no submission \$9\$ for this problem here."

    def test_not_judged_yet_and_nothing_failed(self, submission):
        store, number = submission
        assert "no verdict yet" in self.draw(number).info[0].value
        store.record_verdict(number, {"verdict": "accepted", "checks": []})
        assert "failed no check" in self.draw(number).info[0].value


class TestScaleAndTemperature:
    @pytest.mark.parametrize("name", [n for n in NAMES if lab_call.knobs(n).added])
    def test_they_change_what_comes_after_the_scores_and_nothing_before(self, name):
        plain = lab_call.run(setup_of(variant=name)).stages
        warm = lab_call.run(setup_of(variant=name, temperature="2", scaled="on")).stages
        assert list(warm) == list(plain)
        assert np.array_equal(warm["scores"].maps, plain["scores"].maps)
        assert np.allclose(warm["scaled"].maps, plain["scaled"].maps / 2, rtol=1e-4, atol=1e-5)
        raw = lab_call.run(setup_of(variant=name, scaled="off")).stages
        assert np.allclose(raw["scaled"].maps, raw["scores"].maps, rtol=1e-4, atol=1e-4)
        changed = [s for s in plain if not np.array_equal(plain[s].maps, warm[s].maps)]
        assert "output" in changed

    def test_the_same_as_the_variants_own(self):
        ours = lab_call.run(setup_of(variant="multi_query", temperature="3", scaled="off"))
        query, key = ours.stages["query"].maps, ours.stages["key"].maps
        weights = torch.tensor(query @ key.transpose(0, 2, 1) / 3).softmax(-1).numpy()
        assert np.allclose(ours.stages["weights"].maps, weights, atol=1e-5)

    def test_not_offered_where_they_would_mean_nothing(self):
        for name in ("linear", "additive", "retention"):
            assert lab_call.knobs(name).added == {}
        assert "temperature" in lab_call.knobs("scaled_dot_product").variant.parameters

    @pytest.mark.parametrize("name", ["multi_head", "causal", "grouped_query"])
    @pytest.mark.parametrize("stage", ["scores", "weights"])
    def test_the_snippet_follows(self, name, stage, monkeypatch):
        TestSnippet().same(monkeypatch, setup_of(variant=name, temperature="0.5"), stage)


def test_one_scale_makes_equal_values_look_equal():
    def panel(*values):
        maps = np.array([[values]], dtype=np.float32)
        span = (0.0, max(values)) if min(values) >= 0 else None
        return Panel("", maps, ("",), "row", "column", "", signed=min(values) < 0, span=span)

    left, right = lab_panels.one_scale(panel(0.0, 9.0), panel(-1.0, 5.0))
    assert left.scale == right.scale == (-9.0, 9.0)
    assert left.palette == right.palette
    with np.errstate(all="raise"):
        both = np.array([-np.inf, 1.0, np.inf], dtype=np.float32)
        assert lab_panels.subtract(both, np.array([-np.inf, 3.0, np.inf], np.float32)).tolist() == [
            0.0,
            -2.0,
            0.0,
        ]


class TestClaims:
    def test_scores_spread_as_the_root_of_d(self):
        for row in lab_claims.scale(0, 64).table:
            assert row["spread"] == pytest.approx(row["root"], rel=0.1)
        tops = [row["raw_top"] for row in lab_claims.scale(0, 64).table]
        assert tops == sorted(tops)
        assert all(row["scaled_top"] < 0.12 for row in lab_claims.scale(0, 64).table)

    @pytest.mark.parametrize("precision", lab_setup.CLAIM_PRECISIONS)
    def test_fills_agree_but_in_the_empty_row(self, precision):
        found = lab_claims.fill(0, precision)
        assert found.numbers["rest"] == 0
        assert found.maps["claim_infinity"][0].isnan().all()
        leaked = found.maps["claim_billion"][0]
        if precision == "float16":
            assert leaked.isnan().all()
        else:
            assert torch.allclose(leaked.float(), torch.full((6,), 1 / 6), atol=1e-3)
        assert (found.maps["claim_zeros"][0] == 0).all()

    def test_replacing_nan_does_not_mend_the_gradient(self):
        found = lab_claims.empty(0)
        assert found.numbers["nan"] == 6
        assert found.maps["claim_careful_gradient"].isfinite().all()
        assert (found.maps["claim_careful_gradient"][0] == 0).all()

    def test_top_left_hides_the_cache(self):
        assert lab_claims.corner(0).numbers == {"position": 5, "wrong": 1, "right": 6}
        value = torch.eye(8)[None]
        fused = torch.nn.functional.scaled_dot_product_attention(
            torch.zeros(1, 3, 8), torch.zeros(1, 8, 8), value, is_causal=True
        )
        assert ((fused[0] > 0) == torch.ones(3, 8, dtype=torch.bool).tril()).all()

    def test_rotary_fades_equal_vectors_and_leaves_strangers(self):
        for base in map(int, lab_setup.CLAIM_BASES):
            found = lab_claims.distance(0, base)
            turned = found.maps["claim_same_turned"]
            for offset in (1, 7):
                along = turned.diagonal(-offset)
                assert torch.allclose(along, along[:1].expand_as(along), atol=1e-4)
            assert found.numbers["far_same"] < 0.6 < found.numbers["near_same"]
            assert found.numbers["far_spread"] == pytest.approx(0.125, rel=0.05)
        assert found.numbers["slowest"] > 1e6

    def test_a_window_without_the_sink_makes_the_output_longer(self):
        for seed in range(3):
            numbers = lab_claims.sinks(seed).numbers
            assert numbers["lost"] > 2 * numbers["full"]
            assert numbers["kept"] == pytest.approx(numbers["full"], rel=0.4)

    def test_a_low_rank_loses_needles_and_the_full_one_none(self):
        rows = lab_claims.needle(0, 8).table
        assert [row["after"] for row in rows] == sorted(row["after"] for row in rows)
        for row in rows:
            assert row["after"] == pytest.approx(row["rank"] / 32, abs=0.01)
        assert rows[-1]["found"] == 1
        cut = lab_claims.needle(0, 8).maps["claim_cut"]
        assert torch.linalg.matrix_rank(cut) == 8

    @pytest.mark.parametrize("rank", [int(rank) for rank in lab_setup.CLAIM_RANKS])
    def test_negative_entries_are_told_where_there_are_any(self, rank):
        found = lab_claims.needle(0, rank)
        any_negative = bool((found.maps["claim_cut"] < -1e-6).any())
        assert any_negative is (1 < rank < 32)
        assert ("negative" in lab_claims_view.why("needle", found)) is any_negative

    def test_numbers_are_short_and_their_minus_is_one(self):
        said = lab_claims_view.why("fill", lab_claims.fill(0, "bfloat16"))
        assert "3.39e38" in said
        assert "−998,244,352" in said
        found = [lab_claims_view._number(x) for x in (-0.5, 65504.0, 1234.5, 0.1234, 2e-5, 0.0)]
        assert found == ["−0.5", "65,504", "1,234", "0.123", "2e−05", "0"]

    @pytest.mark.parametrize("claim", lab_setup.CLAIMS)
    def test_what_is_taken_away(self, claim, monkeypatch, capsys):
        import matplotlib.pyplot as plt

        setup = setup_of(tab="claims", claim=claim, seed="2")
        found = lab_claims_view.found_for(setup)
        arrays = np.load(io.BytesIO(lab_claims_take.arrays_file(found)))
        assert {f"claim_{name}" for name in arrays} == found.maps.keys()
        cells = sum(tensor.numel() for tensor in found.maps.values())
        assert len(lab_claims_take.table_file(found).splitlines()) == 1 + cells
        panels = [lab_claims_view._panel(name, found) for name in found.maps]
        assert export.side_by_side(panels, "svg").startswith(b"<?xml")
        drawn = []
        monkeypatch.setattr(plt, "imshow", lambda image, **_: drawn.append(image))
        for name in ("figure", "title", "colorbar", "show"):
            monkeypatch.setattr(plt, name, lambda *_: None)
        exec(compile(lab_claims_take.snippet(setup), "snippet", "exec"), {})
        for image, tensor in zip(drawn, found.maps.values(), strict=True):
            assert torch.equal(image.nan_to_num(7), tensor.float().nan_to_num(7))

    @pytest.mark.parametrize("claim", lab_setup.CLAIMS)
    @pytest.mark.parametrize("lang", ["en", "zh"])
    def test_every_claim_opens_from_its_link(self, claim, lang):
        test = AppTest.from_function(page, default_timeout=60)
        test.session_state["language"] = lang
        test.query_params["tab"] = "claims"
        test.query_params["claim"] = claim
        test.run()
        assert not test.exception
        assert not test.warning
        assert query_of(test)["claim"] == claim

    def test_a_claim_comes_back(self):
        query = {"tab": "claims", "claim": "fill", "claim_precision": "bfloat16", "seed": "3"}
        setup = setup_of(**query)
        assert lab_setup.write(setup, lab_call.knobs(setup.variant)) == query
