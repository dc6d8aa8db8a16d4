"""Several layers in the Heads view: stacks, rollout, uploaded weights, and the page."""

import dataclasses
import io

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

import attention
from attention.rollout import rollout
from views import lab_call, lab_heads, lab_heads_take, lab_layers, lab_setup
from views.charts.heatmap import REMEMBERED, Panel, shown
from views.lab_layers import Stack
from views.lab_own import Own
from views.lab_own_read import Unfit

NAMES = list(attention.variants())
DIGEST = "0123456789ab"


def setup_of(**query):
    found, complaints = lab_setup.read({"tab": "heads"} | query, NAMES, lab_call.knobs)
    assert complaints == []
    return found


def random_weights(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0)).softmax(-1)


class TestStack:
    def test_layers_of_self_attention_read_each_other(self):
        stack = lab_layers.drawn(setup_of(variant="causal", stack="3"))
        assert stack.kind == "chained"
        assert stack.weights.shape == (3, 4, 8, 8)
        alone = lab_call.run(setup_of(variant="causal", seed="1")).stages["weights"].maps
        assert not np.allclose(stack.weights[1], alone)
        first = lab_call.run(setup_of(variant="causal"))
        x = first.inputs["x"]
        wrote = torch.tensor(first.stages["projected"].maps.reshape(x.shape))
        following = {"x": torch.nn.functional.layer_norm(x + wrote, x.shape[-1:])}
        second = lab_call.run(setup_of(variant="causal", seed="1"), given=following)
        assert np.array_equal(stack.weights[1], second.stages["weights"].maps)

    def test_others_draw_their_inputs_for_each_layer(self):
        query = {"variant": "scaled_dot_product", "mask": "random"}
        stack = lab_layers.drawn(setup_of(stack="2", **query))
        assert stack.kind == "drawn"
        assert np.array_equal(
            stack.weights[0], lab_call.run(setup_of(**query)).stages["weights"].maps
        )
        assert not np.array_equal(stack.weights[0], stack.weights[1])
        assert ((stack.weights[0] == 0) == (stack.weights[1] == 0)).all(), "one mask for all"

    def test_too_much_and_no_weights(self):
        sizes = {"queries": "1024", "keys": "1024"}
        setup = setup_of(variant="scaled_dot_product", stack="5", **sizes)
        assert isinstance(lab_layers.drawn(setup), str)
        assert lab_layers.drawn(setup_of(variant="flash", stack="2")) == ""

    @pytest.mark.parametrize(
        ("shape", "expected"),
        [
            ((2, 3, 4, 5), (2, 3, 4, 5)),
            ((3, 4, 5), (1, 3, 4, 5)),
            ((2, 1, 3, 4, 5), (2, 3, 4, 5)),
        ],
    )
    def test_uploaded_shapes(self, shape, expected):
        assert lab_layers.of_own(random_weights(*shape)).weights.shape == expected

    def test_other_uploads_are_refused_by_name(self):
        for tensor, key in (
            (torch.ones(2, 2, 2, 2, 2), "rank"),
            (torch.ones(1, 2, 2, dtype=torch.int64), "wants_float"),
            (torch.ones(1).expand(32, 64, 128, 128), "cells"),
        ):
            with pytest.raises(Unfit) as caught:
                lab_layers.of_own(tensor)
            assert caught.value.key == key


class TestRollout:
    def test_it_is_the_librarys_at_every_layer(self):
        weights = random_weights(3, 2, 5, 5)
        steps = lab_layers.rolled_out(Stack(weights.numpy(), "own"))
        for count in (1, 2, 3):
            expected = rollout(weights[:count, None])[0][0]
            assert np.allclose(steps[count - 1], expected.numpy(), atol=1e-6)

    def test_rows_that_attend_to_nothing_are_allowed(self):
        weights = random_weights(2, 2, 4, 4)
        weights[:, :, 0] = 0
        assert np.allclose(lab_layers.rolled_out(Stack(weights.numpy(), "own")).sum(-1), 1)

    @pytest.mark.parametrize(
        ("weights", "key"),
        [
            (random_weights(1, 1, 3, 4), "not_square"),
            (random_weights(1, 1, 3, 3) * 2, "no_weights"),
            (torch.tensor([[[[1.5, -0.5], [0.5, 0.5]]]]), "no_weights"),
        ],
    )
    def test_not_defined(self, weights, key):
        with pytest.raises(Unfit) as caught:
            lab_layers.rolled_out(Stack(weights.numpy(), "own"))
        assert caught.value.key == key


def test_a_row_of_the_grid_is_a_layer():
    stack = Stack(random_weights(5, 3, 4, 4).numpy(), "own")
    item = lab_heads.grid_panel(stack)
    part = shown(item, None, None)
    assert part.columns == 3
    assert np.array_equal(part.tiles[3 * 2 + 1], stack.weights[2, 1])
    assert item.labels[3 * 2 + 1] == "layer 2, head 1"
    assert shown(item, 7, None).columns == 1


def test_layers_of_maps_that_are_no_heads():
    setup = setup_of(variant="paged", stack="2")
    first = lab_call.run(setup).stages["weights"]
    item = lab_heads.grid_panel(lab_layers.drawn(setup), first)
    assert (item.rows, item.columns) == ("head", "key")
    assert item.labels[-1] == "layer 1, sequence 1"


def test_own_numbers_are_called_shares_only_if_they_are():
    weights = random_weights(1, 2, 4, 4).numpy()
    units = [lab_heads.grid_panel(Stack(x, "own")).unit for x in (weights, weights - 0.5)]
    assert units == ["weight (share of the query's attention)", "value (no unit)"]


def test_what_was_reduced_is_remembered_but_not_by_a_changed_panel():
    maps = np.array([[[1.0, -3.0], [2.0, 0.0]]], dtype=np.float32)
    item = Panel("", maps, ("",), "row", "column", "")
    assert shown(item, None, None, 1).tiles.tolist() == [[[2.0]]]
    assert shown(item, None, None, 1) is shown(item, None, None, 1)
    assert shown(dataclasses.replace(item, signed=True), None, None, 1).tiles.tolist() == [[[-3.0]]]
    for side in range(9):
        shown(item, None, None, side + 1)
    assert len(item.reduced) == REMEMBERED


@pytest.mark.parametrize(
    "query", [{}, {"rollout": "on", "head": "1"}, {"head": "5"}, {"head": "11"}]
)
def test_the_code_shown_draws_the_same(query, monkeypatch, tmp_path):
    import matplotlib.pyplot as plt

    stack = Stack(random_weights(2, 3, 4, 4).numpy(), "own")
    setup = setup_of(stack="2", **query)
    item = lab_heads.rollout_panel(stack) if setup.rollout else lab_heads.grid_panel(stack)
    saved = lab_heads_take.arrays_file(stack, item)
    assert np.array_equal(np.load(io.BytesIO(saved))["weights"], stack.weights)
    (tmp_path / "layers.npz").write_bytes(saved)
    expected = 0 if setup.head in (None, 11) else setup.head  # there are 6 maps
    drawn = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(plt, "imshow", lambda image, **_: drawn.append(np.asarray(image)))
    monkeypatch.setattr(plt, "colorbar", lambda: None)
    monkeypatch.setattr(plt, "show", lambda: None)
    exec(compile(lab_heads_take.snippet(setup, len(item.values)), "snippet", "exec"), {})
    assert np.allclose(drawn[0], item.values[expected], atol=1e-6)


def page():
    from views.lab import render

    render()


class TestPage:
    def opened(self, own=None, **query):
        test = AppTest.from_function(page, default_timeout=120)
        if own is not None:
            test.session_state["lab_own"] = Own("x.npz", DIGEST, own)
            query["own"] = DIGEST
        for name, value in ({"tab": "heads"} | query).items():
            test.query_params[name] = value
        test.run()
        assert not test.exception
        return test

    def test_a_stack_has_a_line_for_every_head_and_comes_back_from_its_link(self):
        test = self.opened(variant="causal", stack="3", num_heads="2")
        assert not test.warning
        assert len(test.dataframe[0].value) == 6
        assert "3" in test.query_params["stack"]
        assert any("reads the normalised sum" in c.value for c in test.caption)

    def test_rollout(self):
        test = self.opened(variant="causal", stack="3", rollout="on")
        assert not test.warning
        assert "on" in test.query_params["rollout"]

    def test_rollout_of_what_is_not_square_says_so(self):
        test = self.opened(variant="scaled_dot_product", queries="5", keys="9", rollout="on")
        assert "(5, 9)" in test.warning[0].value

    def test_uploaded_weights(self):
        test = self.opened({"weights": random_weights(2, 3, 6, 6)})
        assert not test.warning
        assert len(test.dataframe[0].value) == 6
        assert not self.opened({"weights": random_weights(2, 3, 6, 6)}, rollout="on").warning

    def test_too_many_cells_and_no_weights(self):
        test = self.opened(variant="scaled_dot_product", queries="2048", keys="2048", stack="2")
        assert "16,777,216" in test.warning[0].value
        assert self.opened(variant="flash", stack="2").info
