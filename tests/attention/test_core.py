"""Scaled dot-product, multi-head, cross and causal attention against torch and by property."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from attention.causal import causal, causal_mask
from attention.cross import cross
from attention.inputs import draw
from attention.multi_head import merge_heads, multi_head, split_heads
from attention.scaled_dot_product import masked_softmax, scaled_dot_product

DOUBLE = torch.float64
small = st.integers(1, 6)


def qkv(batch=(2, 3), queries=5, keys=7, dim=4, value_dim=6):
    make = lambda *shape: torch.randn(*batch, *shape, dtype=DOUBLE)  # noqa: E731
    return make(queries, dim), make(keys, dim), make(keys, value_dim)


@pytest.mark.parametrize("batch", [(), (2,), (2, 3, 4)])
def test_agrees_with_torch(batch):
    query, key, value = qkv(batch)
    output, weights = scaled_dot_product(query, key, value)
    torch.testing.assert_close(output, F.scaled_dot_product_attention(query, key, value))
    torch.testing.assert_close(weights @ value, output)


def test_agrees_with_torch_under_a_mask_that_broadcasts():
    query, key, value = qkv()
    mask = torch.rand(2, 1, 5, 7) < 0.5
    mask[..., 0] = True
    output, _ = scaled_dot_product(query, key, value, mask)
    torch.testing.assert_close(output, F.scaled_dot_product_attention(query, key, value, mask))


def test_scale_and_temperature():
    query, key, value = qkv()
    for temperature in (0.5, 3.0):
        output, _ = scaled_dot_product(query, key, value, None, False, temperature)
        expected = F.scaled_dot_product_attention(query, key, value, scale=1 / temperature)
        torch.testing.assert_close(output, expected)
    with pytest.raises(ValueError, match="temperature must be positive, got 0"):
        scaled_dot_product(query, key, value, temperature=0.0)


def test_variance_of_scores_grows_with_width_unless_scaled():
    for dim in (16, 256):
        query, key = torch.randn(2, 400, dim, dtype=DOUBLE).unbind()
        scores = query @ key.T
        assert abs(scores.var().item() / dim - 1) < 0.1
        assert abs((scores / math.sqrt(dim)).var().item() - 1) < 0.1


def test_a_query_without_keys_gets_zeros_and_no_gradient():
    query, key, value = (x.requires_grad_() for x in qkv())
    mask = torch.ones(5, 7, dtype=torch.bool)
    mask[2] = False
    output, weights = scaled_dot_product(query, key, value, mask)
    assert (output[..., 2, :] == 0).all()
    assert (weights[..., 2, :] == 0).all()
    output.sum().backward()
    assert (query.grad[..., 2, :] == 0).all()
    assert all(x.grad.isfinite().all() for x in (query, key, value))


def test_masked_softmax_survives_large_scores():
    scores = torch.tensor([[1e4, -1e4, 0.0], [-1e4, -1e4, 1e4]])
    weights = masked_softmax(scores, torch.tensor([[True, True, True], [True, True, False]]))
    torch.testing.assert_close(weights, torch.tensor([[1.0, 0, 0], [0.5, 0.5, 0]]))


@given(small, small, small, small, st.integers(0, 2**31))
@settings(max_examples=25, deadline=None)
def test_rows_sum_to_one_or_to_zero(queries, keys, dim, value_dim, seed):
    generator = torch.Generator().manual_seed(seed)
    mask = torch.rand(queries, keys, generator=generator) < 0.5
    query, key, value = qkv((2,), queries, keys, dim, value_dim)
    _, weights = scaled_dot_product(query, key, value, mask)
    expected = mask.any(-1).to(DOUBLE).expand(2, -1)
    torch.testing.assert_close(weights.sum(-1), expected)
    assert (weights[:, ~mask] == 0).all()


@given(small, st.integers(0, 2**31))
@settings(max_examples=25, deadline=None)
def test_order_of_keys_does_not_matter_and_queries_follow(length, seed):
    query, key, value = qkv((2,), length, length)
    order = torch.randperm(length, generator=torch.Generator().manual_seed(seed))
    output, _ = scaled_dot_product(query, key, value)
    shuffled, _ = scaled_dot_product(query[:, order], key, value)
    torch.testing.assert_close(shuffled, output[:, order])
    moved, _ = scaled_dot_product(query, key[:, order], value[:, order])
    torch.testing.assert_close(moved, output)


def test_gradients_against_finite_differences():
    inputs = [x.requires_grad_() for x in qkv((2,), 3, 4, 2, 3)]
    mask = torch.rand(3, 4) < 0.6
    assert torch.autograd.gradcheck(lambda *x: scaled_dot_product(*x, mask), inputs)


def torch_layer(width, heads, given):
    """nn.MultiheadAttention with the given weights."""
    layer = nn.MultiheadAttention(width, heads, bias=False, batch_first=True, dtype=DOUBLE)
    names = ("query_weight", "key_weight", "value_weight")
    with torch.no_grad():
        layer.in_proj_weight.copy_(torch.cat([given[name] for name in names]))
        layer.out_proj.weight.copy_(given["output_weight"])
    return layer


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_multi_head_agrees_with_torch(heads):
    given = draw(multi_head, {"batch": 3, "queries": 5, "keys": 7, "model": 12}, dtype=DOUBLE)
    mask = torch.rand(5, 7) < 0.6
    mask[:, 0] = True
    output, weights = multi_head(**given, num_heads=heads, mask=mask[None, None])
    expected, expected_weights = torch_layer(12, heads, given)(
        given["query"], given["key"], given["value"], attn_mask=~mask, average_attn_weights=False
    )
    torch.testing.assert_close(output, expected)
    torch.testing.assert_close(weights, expected_weights)


def test_heads_that_do_not_divide_are_named():
    given = draw(multi_head, {"model": 10})
    for heads in (3, 0):
        with pytest.raises(ValueError, match=f"10 features cannot be split into {heads} heads"):
            multi_head(**given, num_heads=heads)


@given(small, small, small)
@settings(max_examples=20, deadline=None)
def test_merging_undoes_splitting(length, heads, width):
    x = torch.randn(2, length, heads * width)
    split = split_heads(x, heads)
    assert torch.equal(split[:, heads - 1], x[..., -width:])
    assert torch.equal(merge_heads(split), x)


def test_cross_agrees_with_torch():
    sizes = {"batch": 2, "queries": 5, "keys": 7, "model": 12, "context_dim": 6}
    given = draw(cross, sizes, dtype=DOUBLE)
    layer = nn.MultiheadAttention(12, 3, bias=False, kdim=6, vdim=6, batch_first=True, dtype=DOUBLE)
    with torch.no_grad():
        layer.q_proj_weight.copy_(given["query_weight"])
        layer.k_proj_weight.copy_(given["key_weight"])
        layer.v_proj_weight.copy_(given["value_weight"])
        layer.out_proj.weight.copy_(given["output_weight"])
    mask = torch.tensor([[True] * 7, [True] * 4 + [False] * 3])
    expected, expected_weights = layer(
        given["x"], given["context"], given["context"], ~mask, average_attn_weights=False
    )
    output, weights = cross(**given, num_heads=3, mask=mask)
    torch.testing.assert_close(output, expected)
    torch.testing.assert_close(weights, expected_weights)


def test_causal_agrees_with_torch():
    given = draw(causal, {"batch": 2, "length": 6, "model": 12}, dtype=DOUBLE)
    names = ("query_weight", "key_weight", "value_weight")
    parts = dict(zip(names, given["qkv_weight"].chunk(3), strict=True))
    layer = torch_layer(12, 3, {**given, **parts})
    future = torch.ones(6, 6, dtype=torch.bool).triu(1)
    x = given["x"]
    expected, expected_weights = layer(x, x, x, attn_mask=future, average_attn_weights=False)
    output, weights = causal(**given, num_heads=3)
    torch.testing.assert_close(output, expected)
    torch.testing.assert_close(weights, expected_weights)


@given(st.integers(2, 7), st.data())
@settings(max_examples=20, deadline=None)
def test_the_future_changes_nothing_before_it(length, data):
    position = data.draw(st.integers(1, length - 1))
    given = draw(causal, {"length": length}, dtype=DOUBLE)
    before, _ = causal(**given, num_heads=4)
    given["x"][:, position:] += 1
    after, _ = causal(**given, num_heads=4)
    assert torch.equal(before[:, :position], after[:, :position])
    assert not torch.equal(before[:, position:], after[:, position:])


def test_causal_mask_ends_in_the_bottom_right_corner():
    assert causal_mask(2, 4).tolist() == [[True, True, True, False], [True] * 4]
    assert causal_mask(3, 2).tolist() == [[False, False], [True, False], [True, True]]
