"""Quantised attention: exact integers, published bounds, and the tricks that lower the error."""

import itertools

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from attention.int8 import int8, quantise
from attention.quantised_cache import quantised_cache, through_bits

DOUBLE = torch.float64


def qkv(length=9, dim=8):
    return torch.randn(3, 2, 3, length, dim, dtype=DOUBLE).unbind()


@given(st.integers(0, 2**31), st.floats(1e-3, 1e3))
@settings(max_examples=25, deadline=None)
def test_rounding_is_off_by_half_a_step_at_most(seed, size):
    x = size * torch.randn(4, 6, generator=torch.Generator().manual_seed(seed), dtype=DOUBLE)
    integers, scale = quantise(x)
    assert integers.dtype == torch.int8
    assert (integers.abs().amax(-1) == 127).all()
    assert ((integers * scale - x).abs() <= scale / 2 * (1 + 1e-9)).all()


def test_rounding_goes_half_to_even_and_keeps_zeros():
    integers, scale = quantise(torch.tensor([[127.0, 0.5, 1.5, -2.5], [0, 0, 0, 0]]))
    assert integers.tolist() == [[127, 0, 2, -2], [0, 0, 0, 0]]
    assert scale.tolist() == [[1.0], [0.0]]


def test_int8_scores_are_integer_products():
    query, key, value = qkv()
    (q, q_scale), (k, k_scale) = quantise(query), quantise(key)
    products = torch.einsum("...id,...jd->...ij", q.long(), k.long())
    scores = products * q_scale * k_scale.mT / 8**0.5
    output, weights = int8(query, key, value)
    torch.testing.assert_close(weights, scores.softmax(-1))
    torch.testing.assert_close(output, weights @ value)


def test_int8_error_is_small_and_smoothing_helps_shifted_keys():
    query, key, value = qkv(40)
    key = key + 30 * torch.randn(8, dtype=DOUBLE)
    exact = F.scaled_dot_product_attention(query, key, value)
    plain = (int8(query, key, value)[0] - exact).norm() / exact.norm()
    smooth = (int8(query, key, value, smooth=True)[0] - exact).norm() / exact.norm()
    assert smooth < 0.02
    assert plain > 4 * smooth


@given(st.integers(1, 8), st.integers(0, 2**31))
@settings(max_examples=25, deadline=None)
def test_cache_entries_are_off_by_half_a_step_at_most(bits, seed):
    x = torch.randn(5, 6, generator=torch.Generator().manual_seed(seed), dtype=DOUBLE)
    for dim in (-1, -2):
        spread = x.amax(dim, keepdim=True) - x.amin(dim, keepdim=True)
        error = (through_bits(x, bits, dim) - x).abs()
        assert (error <= spread / (2 * (2**bits - 1)) * (1 + 1e-9)).all()


def test_one_bit_keeps_the_ends_and_constants_stay():
    x = torch.tensor([[0.0, 1.0, 10.0], [3.0, 3.0, 3.0]])
    assert through_bits(x, 1, -1).tolist() == [[0.0, 0.0, 10.0], [3.0, 3.0, 3.0]]
    with pytest.raises(ValueError, match=r"1\.\.8, got 9"):
        through_bits(x, 9, -1)


def test_error_falls_with_bits():
    inputs = qkv(40)
    exact = F.scaled_dot_product_attention(*inputs)
    errors = [(quantised_cache(*inputs, bits=b)[0] - exact).norm().item() for b in (2, 4, 6, 8)]
    assert all(a > 3 * b for a, b in itertools.pairwise(errors))


def test_keys_with_outlier_channels_want_a_range_per_channel():
    query, key, value = qkv(40)
    key[..., 2] = 20 + key[..., 2]
    exact = (query @ key.mT / 8**0.5).softmax(-1)
    by = {
        keys_by: (quantised_cache(query, key, value, 4, keys_by)[1] - exact).norm()
        for keys_by in ("channel", "token")
    }
    assert by["token"] > 3 * by["channel"]
    with pytest.raises(ValueError, match="got 'head'"):
        quantised_cache(query, key, value, 4, "head")
