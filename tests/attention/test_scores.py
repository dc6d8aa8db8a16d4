"""Variants of the score and of its normalisation, each against its formula and its promise."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from attention.differential import differential, initial_lambda
from attention.forgetting import forgetting
from attention.gated import gated
from attention.inputs import draw
from attention.learned_sinks import learned_sinks
from attention.qk_norm import qk_norm, rms_norm
from attention.scalable_softmax import scalable_softmax
from attention.scaled_dot_product import scaled_dot_product
from attention.sigmoid import sigmoid
from attention.soft_capped import soft_capped
from attention.sparsemax import project, sparsemax
from attention.talking_heads import talking_heads

DOUBLE = torch.float64


def qkv(queries=5, keys=7, dim=4, value_dim=6, batch=(2, 3)):
    make = lambda *shape: torch.randn(*batch, *shape, dtype=DOUBLE)  # noqa: E731
    return make(queries, dim), make(keys, dim), make(keys, value_dim)


def some_mask():
    """A mask whose row 2 allows nothing."""
    mask = torch.rand(5, 7) < 0.6
    mask[:, 1] = True
    mask[2] = False
    return mask


@pytest.mark.parametrize("variant", [soft_capped, sigmoid, sparsemax])
def test_a_query_without_keys_gets_zeros_and_finite_gradients(variant):
    inputs = [x.requires_grad_() for x in qkv()]
    output, _ = variant(*inputs, mask=some_mask())
    assert (output[..., 2, :] == 0).all()
    output.sum().backward()
    assert (inputs[0].grad[..., 2, :] == 0).all()
    assert all(x.grad.isfinite().all() for x in inputs)


def test_soft_cap_by_the_formula():
    query, key, value = qkv()
    scores = 3 * torch.tanh(query @ key.mT / 2 / 3)
    _, weights = soft_capped(query, key, value, cap=3.0)
    torch.testing.assert_close(weights, scores.softmax(-1))
    _, limited = soft_capped(1e4 * query, key, value, cap=3.0)
    assert limited.amax(-1).max() <= math.exp(6) / (math.exp(6) + 6) + 1e-12
    with pytest.raises(ValueError, match="got 0"):
        soft_capped(query, key, value, cap=0.0)


def test_a_high_cap_changes_nothing_and_masks_come_after_it():
    query, key, value = qkv()
    expected = F.scaled_dot_product_attention(query, key, value)
    torch.testing.assert_close(soft_capped(query, key, value, cap=1e6)[0], expected)
    mask = some_mask()
    _, weights = soft_capped(query, key, value, cap=1.0, mask=mask)
    assert (weights[..., ~mask] == 0).all()


def test_rms_norm_agrees_with_torch():
    x, weight = torch.randn(2, 5, 6, dtype=DOUBLE), torch.randn(6, dtype=DOUBLE)
    torch.testing.assert_close(rms_norm(x, weight, 1e-3), F.rms_norm(x, (6,), weight, 1e-3))


@given(st.floats(1e-2, 1e4), st.floats(1e-2, 1e4))
@settings(max_examples=20, deadline=None)
def test_qk_norm_forgets_the_lengths_and_bounds_the_scores(a, b):
    query, key, value = qkv()
    ones = torch.ones(4, dtype=DOUBLE)
    expected, weights = qk_norm(query, key, value, ones, ones, eps=0.0)
    torch.testing.assert_close(qk_norm(a * query, b * key, value, ones, ones, eps=0.0)[0], expected)
    assert (weights.amax(-1) / weights.amin(-1)).max() <= math.exp(2 * math.sqrt(4)) + 1e-9


def test_qk_norm_by_torch():
    inputs = draw(qk_norm, {"batch": 2, "keys": 5}, dtype=DOUBLE)
    query = F.rms_norm(inputs["query"], (16,), inputs["query_weight"], 1e-6)
    key = F.rms_norm(inputs["key"], (16,), inputs["key_weight"], 1e-6)
    expected = F.scaled_dot_product_attention(query, key, inputs["value"])
    torch.testing.assert_close(qk_norm(**inputs)[0], expected)


def test_gate_multiplies_the_output():
    query, key, value = qkv()
    gate = torch.randn(2, 3, 5, 6, dtype=DOUBLE)
    expected = F.scaled_dot_product_attention(query, key, value) * torch.sigmoid(gate)
    torch.testing.assert_close(gated(query, key, value, gate)[0], expected)


def test_differential_by_torch_and_its_row_sums():
    query1, key1, value = qkv()
    query2, key2, _ = qkv()
    mask = some_mask()
    lam = torch.tensor(0.3, dtype=DOUBLE, requires_grad=True)
    output, weights = differential(query1, key1, query2, key2, value, lam, mask)
    both = [scaled_dot_product(q, k, value, mask)[0] for q, k in ((query1, key1), (query2, key2))]
    torch.testing.assert_close(output, both[0] - lam * both[1])
    torch.testing.assert_close(weights.sum(-1)[..., 0], (1 - lam).expand(2, 3))
    assert (output[..., 2, :] == 0).all()
    output.sum().backward()
    torch.testing.assert_close(lam.grad, -both[1].sum())


def test_common_noise_cancels():
    query, key, value = qkv()
    output, weights = differential(query, key, query, key, value, lam=1.0)
    torch.testing.assert_close(weights, torch.zeros_like(weights))
    torch.testing.assert_close(output, torch.zeros_like(output))


def test_initial_lambda_of_the_paper():
    assert initial_lambda(1) == pytest.approx(0.2)
    assert initial_lambda(4) == pytest.approx(0.8 - 0.6 * math.exp(-0.9))
    assert initial_lambda(60) == pytest.approx(0.8)
    with pytest.raises(ValueError, match="got 0"):
        initial_lambda(0)


def test_heads_that_do_not_talk_are_ordinary():
    inputs = draw(talking_heads, {"batch": 2, "keys": 5}, dtype=DOUBLE)
    query, key, value = (inputs[name] for name in ("query", "key", "value"))
    inputs["scores_weight"] = inputs["weights_weight"] = torch.eye(4, dtype=DOUBLE)
    expected = F.scaled_dot_product_attention(query, key, value)
    torch.testing.assert_close(talking_heads(**inputs)[0], expected)


def test_talking_heads_by_loops():
    inputs = draw(talking_heads, {"batch": 2, "keys": 5}, dtype=DOUBLE)
    scores = inputs["query"] @ inputs["key"].mT / 4
    mixed = [sum(inputs["scores_weight"][g, h] * scores[:, h] for h in range(4)) for g in range(4)]
    soft = [x.softmax(-1) for x in mixed]
    weights = torch.stack(
        [sum(inputs["weights_weight"][g, h] * soft[h] for h in range(4)) for g in range(4)], dim=1
    )
    output, found = talking_heads(**inputs)
    torch.testing.assert_close(found, weights)
    torch.testing.assert_close(output, weights @ inputs["value"])


def test_sigmoid_by_the_formula_and_its_bias():
    query, key, value = qkv()
    scores = query @ key.mT / 2
    _, weights = sigmoid(query, key, value)
    torch.testing.assert_close(weights, 1 / (1 + (math.log(7) - scores).exp()))
    _, plain = sigmoid(query, key, value, biased=False)
    torch.testing.assert_close(plain, scores.sigmoid())
    for keys in (10, 100, 1000):  # without scores a row sums to n / (1 + n): about one
        nothing = torch.zeros(1, 4), torch.zeros(keys, 4), torch.zeros(keys, 1)
        assert sigmoid(*nothing)[1].sum().item() == pytest.approx(keys / (keys + 1), rel=1e-4)


def test_sigmoid_weights_of_a_key_ignore_the_other_keys():
    query, key, value = qkv()
    _, before = sigmoid(query, key, value)
    key[..., 3, :] += 1
    _, after = sigmoid(query, key, value)
    others = [j for j in range(7) if j != 3]
    assert torch.equal(before[..., others], after[..., others])


def test_a_learned_sink_is_a_key_of_zeros_with_its_own_score():
    query, key, value = qkv()
    sinks = torch.randn(3, dtype=DOUBLE)
    mask = some_mask()
    output, weights = learned_sinks(query, key, value, sinks, mask[None, None])
    scores = (query @ key.mT / 2).exp() * mask
    expected = scores / (scores.sum(-1, keepdim=True) + sinks.exp()[:, None, None])
    torch.testing.assert_close(weights, expected)
    torch.testing.assert_close(output, expected @ value)
    assert (output[..., 2, :] == 0).all()


def test_a_sink_of_minus_infinity_is_the_ordinary_softmax():
    query, key, value = qkv()
    none = torch.full((3,), -torch.inf, dtype=DOUBLE)
    expected = F.scaled_dot_product_attention(query, key, value)
    torch.testing.assert_close(learned_sinks(query, key, value, none)[0], expected)


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_sparsemax_is_the_nearest_point_of_the_simplex(row):
    scores = torch.tensor([row], dtype=DOUBLE)
    point = project(scores)
    assert (point >= 0).all()
    torch.testing.assert_close(point.sum(-1), torch.ones(1, dtype=DOUBLE))
    # Optimal: the score minus the point is the same where positive, and no larger where zero.
    threshold = (scores - point)[point > 1e-12]
    torch.testing.assert_close(threshold, threshold[:1].expand_as(threshold))
    assert (scores[point <= 1e-12] <= threshold[0] + 1e-9).all()


def test_sparsemax_by_hand_and_by_finite_differences():
    rows = torch.tensor([[0.0, 0.0], [2.0, 0.0], [0.5, 0.0]], dtype=DOUBLE)
    assert project(rows).tolist() == [[0.5, 0.5], [1.0, 0.0], [0.75, 0.25]]
    inputs = [x.requires_grad_() for x in qkv(3, 4, batch=(2,))]
    assert torch.autograd.gradcheck(lambda *x: sparsemax(*x)[0], inputs)


def test_sparsemax_with_a_mask_is_sparsemax_of_the_rest():
    query, key, value = qkv()
    mask = some_mask()
    output, weights = sparsemax(query, key, value, mask)
    for i in (0, 1, 3, 4):
        allowed = mask[i]
        expected = project(query[..., i, None, :] @ key[..., allowed, :].mT / 2)
        torch.testing.assert_close(weights[..., i, None, allowed], expected)
    assert (weights[..., ~mask] == 0).all()
    assert (weights == 0).sum() > (~mask).sum() * 6, "more zeros than the mask makes"
    assert output.shape == (2, 3, 5, 6)


def test_forgetting_by_loops():
    inputs = draw(forgetting, {"batch": 2, "length": 6}, dtype=DOUBLE)
    _, weights = forgetting(**inputs)
    logs = F.logsigmoid(inputs["gate"])
    for i in range(6):
        scores = (inputs["query"][..., i, None, :] * inputs["key"][..., : i + 1, :]).sum(-1) / 4
        bias = torch.stack([logs[..., j + 1 : i + 1].sum(-1) for j in range(i + 1)], dim=-1)
        torch.testing.assert_close(weights[..., i, : i + 1], (scores + bias).softmax(-1))


def test_open_forget_gates_are_causal_attention_and_a_shut_one_hides_the_past():
    inputs = draw(forgetting, {"length": 6}, dtype=DOUBLE)
    query, key, value = (inputs[name] for name in ("query", "key", "value"))
    inputs["gate"] = torch.full_like(inputs["gate"], 50.0)
    expected = F.scaled_dot_product_attention(query, key, value, is_causal=True)
    torch.testing.assert_close(forgetting(**inputs)[0], expected)
    inputs["gate"][..., 3] = -1e4
    _, weights = forgetting(**inputs)
    assert weights[..., 3:, :3].max() < 1e-12
    torch.testing.assert_close(weights.sum(-1), torch.ones(1, 4, 6, dtype=DOUBLE))


def test_scalable_softmax_by_loops():
    inputs = draw(scalable_softmax, {"batch": 2, "queries": 3, "keys": 5}, dtype=DOUBLE)
    _, weights = scalable_softmax(**inputs)
    for i in range(3):
        seen = i + 3
        scores = (inputs["query"][:, :, i, None] * inputs["key"][:, :, :seen]).sum(-1) / 4
        factor = inputs["strength"][:, None] * math.log(seen)
        torch.testing.assert_close(weights[:, :, i, :seen], (factor * scores).softmax(-1))


def test_the_largest_weight_fades_in_softmax_and_not_in_scalable_softmax():
    strength, largest = torch.ones(1, dtype=DOUBLE), {}
    for keys in (10, 1000):
        key = torch.zeros(1, 1, keys, 1, dtype=DOUBLE)
        key[..., 0, :] = 2.0  # the gap to all others
        query, value = torch.ones(1, 1, 1, 1, dtype=DOUBLE), torch.zeros_like(key)
        plain = scaled_dot_product(query, key, value)[1].max().item()
        largest[keys] = plain, scalable_softmax(query, key, value, strength)[1].max().item()
        assert plain == pytest.approx(math.e**2 / (math.e**2 + keys - 1))
        assert largest[keys][1] == pytest.approx(keys**2 / (keys**2 + keys - 1))
    assert largest[1000][0] < 0.01 < 0.99 < largest[1000][1]
