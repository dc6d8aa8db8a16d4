"""Linear attentions: the forms of each are equal, and the approximations fall as published."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from attention import gated_delta, gated_linear, linear, retention, rwkv, state_space_dual
from attention.inputs import draw
from attention.linear_chunked import linear_chunked
from attention.performer import (
    expected_squared_error,
    orthogonal_projection,
    performer,
    positive_features,
)

DOUBLE = torch.float64
CHUNKS = (1, 2, 3, 7, 20)


def qkv(queries=7, keys=7, batch=(2, 3), dim=4, value_dim=5):
    make = lambda *shape: torch.randn(*batch, *shape, dtype=DOUBLE)  # noqa: E731
    return make(queries, dim), make(keys, dim), make(keys, value_dim)


@pytest.mark.parametrize("causal", [False, True])
def test_linear_by_the_definition(causal):
    query, key, value = qkv(5, 7)
    output, weights = linear.linear(query, key, value, causal)
    phi = lambda x: torch.where(x > 0, x + 1, x.exp())  # noqa: E731
    for i in range(5):
        seen = slice(0, i + 3) if causal else slice(None)
        similar = (phi(query[..., i, None, :]) * phi(key[..., seen, :])).sum(-1)
        expected = similar / similar.sum(-1, keepdim=True)
        torch.testing.assert_close(weights[..., i, seen], expected)
        torch.testing.assert_close(
            output[..., i, :], (expected[..., None, :] @ value[..., seen, :])[..., 0, :]
        )


@given(st.integers(1, 12), st.integers(1, 13))
@settings(max_examples=30, deadline=None)
def test_forms_of_linear_are_equal(length, chunk):
    inputs = qkv(length, length)
    parallel, _ = linear.linear(*inputs, causal=True)
    torch.testing.assert_close(linear_chunked(*inputs, chunk)[0], parallel)
    torch.testing.assert_close(linear_chunked(*inputs, 1)[0], parallel)
    torch.testing.assert_close(linear.summed(*inputs), linear.linear(*inputs)[0])


def test_linear_gives_zeros_where_nothing_is_seen():
    output, weights = linear.linear(*qkv(5, 3), causal=True)
    assert (output[..., :2, :] == 0).all()
    torch.testing.assert_close(weights.sum(-1)[..., 2:], torch.ones(2, 3, 3, dtype=DOUBLE))


def test_linear_forms_make_no_full_matrix(largest):
    inputs = qkv(512, 512, (), 4, 4)
    with largest:
        linear.summed(*inputs)
        linear_chunked(*inputs, 8)
    assert largest.elements <= 512 * 5


def test_empty_chunks_are_named():
    for module in (retention, gated_linear, gated_delta, state_space_dual):
        main = getattr(module, module.__name__.split(".")[-1])
        with pytest.raises(ValueError, match="got 0"):
            module.chunked(**draw(main), chunk=0)
    with pytest.raises(ValueError, match="got 0"):
        linear_chunked(**draw(linear_chunked), chunk=0)


def test_positive_features_estimate_the_softmax_kernel():
    generator = torch.Generator().manual_seed(1)
    x, y = 0.5 * torch.randn(2, 8, generator=generator, dtype=DOUBLE)
    exact = (x @ y / 8**0.5).exp()
    rows = torch.randn(4000 * 16, 8, generator=generator, dtype=DOUBLE)
    products = positive_features(x[None], rows) * positive_features(y[None], rows)
    estimates = products.reshape(4000, 16).sum(-1) * 4000  # 4000 estimates from 16 features each
    variance = expected_squared_error(x / 8**0.25, y / 8**0.25, 16)
    assert abs(estimates.mean() - exact) < 5 * (variance / 4000).sqrt()
    assert abs(((estimates - exact) ** 2).mean() / variance - 1) < 0.25


def performer_error(features, orthogonal=False, trials=40):
    """Mean squared error of the output over many projections."""
    generator = torch.Generator().manual_seed(2)
    query, key, value = (torch.randn(3, 2, 12, 8, generator=generator, dtype=DOUBLE) * 0.4).unbind()
    exact = F.scaled_dot_product_attention(query, key, value)
    total = 0.0
    for _ in range(trials):
        if orthogonal:
            w = orthogonal_projection(features, 8, generator).double()
        else:
            w = torch.randn(features, 8, generator=generator, dtype=DOUBLE)
        total += (performer(query, key, value, w)[0] - exact).square().mean().item() / trials
    return total


def test_performer_error_falls_as_one_over_features():
    few, some, many = (performer_error(m) for m in (32, 128, 512))
    assert 2.5 < few / some < 6.5
    assert 2.5 < some / many < 6.5


def test_orthogonal_features_are_better():
    assert performer_error(8, orthogonal=True, trials=100) < performer_error(8, trials=100)
    rows = orthogonal_projection(20, 8)
    assert rows.shape == (20, 8)
    gram = F.normalize(rows[:8], dim=-1) @ F.normalize(rows[:8], dim=-1).T
    torch.testing.assert_close(gram, torch.eye(8), rtol=0, atol=1e-5)


def test_performer_weights_rows_sum_to_one_and_give_the_output(largest):
    inputs = draw(performer, {"keys": 11}, dtype=DOUBLE)
    output, weights = performer(**inputs)
    torch.testing.assert_close(weights @ inputs["value"], output)
    torch.testing.assert_close(weights.sum(-1), torch.ones(1, 8, dtype=DOUBLE))
    assert (weights > 0).all()
    big = qkv(400, 400, (), 4, 4)
    with largest:
        alone, none = performer(*big, torch.randn(8, 4, dtype=DOUBLE), need_weights=False)
    assert none is None
    assert largest.elements <= 400 * 8
    assert alone.shape == (400, 4)


def test_performer_does_not_overflow():
    query, key, value = (40 * x for x in qkv())
    output, _ = performer(query, key, value, torch.randn(16, 4, dtype=DOUBLE))
    assert output.isfinite().all()


def test_retention_by_its_recurrence():
    query, key, value = qkv()
    output, _ = retention.retention(query, key, value)
    for head in range(3):
        gamma, state = 1 - 2.0 ** (-5 - head), torch.zeros(2, 4, 5, dtype=DOUBLE)
        for t in range(7):
            at = (slice(None), head, t)
            state = gamma * state + key[at][..., None] * value[at][..., None, :]
            expected = (query[at][..., None, :] @ state)[..., 0, :] / 2
            torch.testing.assert_close(output[at], expected)


@pytest.mark.parametrize("chunk", CHUNKS)
def test_forms_of_retention_are_equal(chunk):
    inputs = qkv()
    torch.testing.assert_close(retention.chunked(*inputs, chunk), retention.retention(*inputs)[0])


@pytest.mark.parametrize("chunk", CHUNKS)
def test_forms_of_gated_linear_are_equal(chunk):
    inputs = draw(gated_linear.gated_linear, {"batch": 2, "length": 7}, dtype=DOUBLE)
    parallel, _ = gated_linear.gated_linear(**inputs)
    torch.testing.assert_close(gated_linear.recurrent(**inputs), parallel)
    torch.testing.assert_close(gated_linear.chunked(**inputs, chunk=chunk), parallel)


def test_open_gates_are_unnormalised_linear_attention_and_shut_ones_forget():
    inputs = draw(gated_linear.gated_linear, {"length": 6}, dtype=DOUBLE)
    query, key, value = (inputs[name] for name in ("query", "key", "value"))
    inputs["gate"] = torch.full_like(inputs["gate"], 60.0)
    expected = (query @ key.mT).tril() @ value
    torch.testing.assert_close(gated_linear.gated_linear(**inputs)[0], expected)
    inputs["gate"] = torch.full_like(inputs["gate"], -1e4)
    only_itself = (query * key).sum(-1, keepdim=True) * value
    torch.testing.assert_close(gated_linear.gated_linear(**inputs)[0], only_itself)
    torch.testing.assert_close(gated_linear.chunked(**inputs, chunk=4), only_itself)


@pytest.mark.parametrize("chunk", CHUNKS)
def test_forms_of_gated_delta_are_equal(chunk):
    inputs = draw(gated_delta.gated_delta, {"batch": 2, "length": 7}, dtype=DOUBLE)
    output, weights = gated_delta.gated_delta(**inputs)
    torch.testing.assert_close(gated_delta.recurrent(**inputs), output)
    torch.testing.assert_close(gated_delta.chunked(**inputs, chunk=chunk), output)
    assert (weights.triu(1) == 0).all()


def test_gated_delta_state_by_the_papers_equation():
    inputs = draw(gated_delta.gated_delta, {"length": 5}, dtype=DOUBLE)
    query, key, value = (inputs[name][0] for name in ("query", "key", "value"))
    key = key / key.norm(dim=-1, keepdim=True)
    state = torch.zeros(16, 16, dtype=DOUBLE)  # (value_dim, dim), as in the paper
    for t in range(5):
        a, b = inputs["decay"][0, t].sigmoid(), inputs["rate"][0, t].sigmoid()
        erase = torch.eye(16, dtype=DOUBLE) - b * torch.outer(key[t], key[t])
        state = a * state @ erase + b * torch.outer(value[t], key[t])
        found = gated_delta.recurrent(**inputs)[0, t]
        torch.testing.assert_close(found, state @ query[t])


def test_the_delta_rule_overwrites():
    key = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]], dtype=DOUBLE)
    value = torch.tensor([[5.0], [7.0], [-2.0]], dtype=DOUBLE)
    certain = torch.full((3,), 50.0, dtype=DOUBLE)
    output = gated_delta.recurrent(key, key, value, certain, certain)
    torch.testing.assert_close(output, value)  # reading key 0 at the end gives -2, not 5 - 2


def test_causality_of_every_recurrent_form():
    for module in (gated_linear, gated_delta):
        main = getattr(module, module.__name__.split(".")[-1])
        inputs = draw(main, {"length": 8}, dtype=DOUBLE)
        before = main(**inputs)[0]
        inputs["value"][:, 5:] += 1
        inputs["key"][:, 5:] += 1
        after = main(**inputs)[0]
        torch.testing.assert_close(before[:, :5], after[:, :5], rtol=0, atol=1e-12)
        assert not torch.equal(before[:, 5:], after[:, 5:])


def test_rwkv_by_its_sums_and_its_recurrence():
    inputs = draw(rwkv.rwkv, {"batch": 2, "length": 6}, dtype=DOUBLE)
    output, weights = rwkv.rwkv(**inputs)
    k, v, w, u = (inputs[name] for name in ("key", "value", "decay", "bonus"))
    for t in range(6):
        above = sum((k[:, j] - (t - 1 - j) * w).exp() * v[:, j] for j in range(t))
        below = sum((k[:, j] - (t - 1 - j) * w).exp() for j in range(t))
        now = (u + k[:, t]).exp()
        expected = inputs["receptance"][:, t].sigmoid() * (above + now * v[:, t]) / (below + now)
        torch.testing.assert_close(output[:, t], expected)
    torch.testing.assert_close(rwkv.recurrent(**inputs), output)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 4, 6, dtype=DOUBLE))


def test_rwkv_survives_large_keys():
    inputs = draw(rwkv.rwkv, {"length": 6}, dtype=DOUBLE)
    inputs["key"] = 1e4 * inputs["key"]
    torch.testing.assert_close(rwkv.recurrent(**inputs), rwkv.rwkv(**inputs)[0])


@pytest.mark.parametrize("chunk", CHUNKS)
def test_forms_of_state_space_duality_are_equal(chunk):
    inputs = draw(state_space_dual.state_space_dual, {"batch": 2, "length": 7}, dtype=DOUBLE)
    parallel, _ = state_space_dual.state_space_dual(**inputs)
    torch.testing.assert_close(state_space_dual.chunked(**inputs, chunk=chunk), parallel)


def test_state_space_duality_by_its_recurrence_and_against_retention():
    inputs = draw(state_space_dual.state_space_dual, {"length": 6}, dtype=DOUBLE)
    query, key, value = (inputs[name][0] for name in ("query", "key", "value"))
    state = torch.zeros(16, 16, dtype=DOUBLE)
    output, _ = state_space_dual.state_space_dual(**inputs)
    for t in range(6):
        state = state / (1 + inputs["step"][0, t].exp()) + torch.outer(key[t], value[t])
        torch.testing.assert_close(output[0, t], state.T @ query[t])
    inputs["step"] = torch.full((1, 6), 1 / 31, dtype=DOUBLE).log()  # decay 31/32: the first head's
    fading, _ = retention.retention(4 * query[None, None], key[None, None], value[None, None])
    torch.testing.assert_close(state_space_dual.state_space_dual(**inputs)[0], fading[0])
