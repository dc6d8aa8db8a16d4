"""Rollout and entropy against hand-made cases and their bounds."""

import math

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from attention.entropy import entropy, row_entropy
from attention.inputs import draw
from attention.rollout import rollout
from attention.scaled_dot_product import scaled_dot_product
from attention.stages import record

DOUBLE = torch.float64


def test_rollout_by_loops():
    weights = 3 * torch.rand(3, 2, 4, 5, 5, dtype=DOUBLE)  # rows need not sum to one
    output, mixed = rollout(weights)
    for b in range(2):
        total = torch.eye(5, dtype=DOUBLE)
        for layer in range(3):
            matrix = 0.5 * weights[layer, b].mean(0) + 0.5 * torch.eye(5, dtype=DOUBLE)
            matrix = matrix / matrix.sum(-1, keepdim=True)
            torch.testing.assert_close(mixed[layer, b], matrix)
            total = matrix @ total
        torch.testing.assert_close(output[b], total)
    torch.testing.assert_close(output.sum(-1), torch.ones(2, 5, dtype=DOUBLE))


def test_rollout_follows_two_hops_in_the_order_of_layers():
    first, second = torch.zeros(2, 1, 1, 3, 3)
    first[..., 1, 0] = first[..., 0, 0] = first[..., 2, 2] = 1  # 1 reads 0
    second[..., 2, 1] = second[..., 0, 0] = second[..., 1, 1] = 1  # then 2 reads 1
    output, _ = rollout(torch.stack([first, second]))
    torch.testing.assert_close(output[0, 2], torch.tensor([0.25, 0.25, 0.5]))
    turned, _ = rollout(torch.stack([second, first]))
    assert turned[0, 2, 0] == 0


def test_rollout_keeps_the_future_out():
    weights = torch.rand(4, 1, 2, 6, 6, dtype=DOUBLE).tril()
    assert (rollout(weights)[0].triu(1) == 0).all()


def test_entropy_of_known_rows():
    rows = torch.tensor([[1.0, 0, 0, 0], [0.25] * 4, [0.5, 0.5, 0, 0], [0, 0, 0, 0]])
    expected = torch.tensor([0, math.log(4), math.log(2), 0])
    torch.testing.assert_close(row_entropy(rows), expected)


def test_entropy_agrees_with_torch_and_is_recorded():
    given_ = draw(entropy, {"batch": 2}, dtype=DOUBLE)
    with record() as stages:
        output, weights = entropy(**given_)
    expected = torch.distributions.Categorical(probs=weights).entropy()
    torch.testing.assert_close(stages["entropy"], expected)
    torch.testing.assert_close(output, scaled_dot_product(**given_)[0])


@given(st.floats(0.1, 5.0), st.floats(1.0, 5.0), st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_temperature_never_lowers_entropy(temperature, factor, seed):
    given_ = draw(entropy, seed=seed, dtype=DOUBLE)
    cold = row_entropy(entropy(**given_, temperature=temperature)[1])
    warm = row_entropy(entropy(**given_, temperature=temperature * factor)[1])
    assert (warm >= cold - 1e-9).all()
    assert (warm <= math.log(8) + 1e-9).all()
