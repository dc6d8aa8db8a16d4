"""Tiles and parts give exactly what the whole gives, forwards and backwards."""

import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from attention.causal import causal_mask
from attention.flash import flash, flash_forward
from attention.flash_backward import flash_backward, gradients
from attention.merge_partial import merge, merge_partial
from attention.online_softmax import online_softmax, running_softmax
from attention.ring import ring
from attention.scaled_dot_product import scaled_dot_product

DOUBLE = torch.float64
lengths = st.integers(1, 9)


def qkv(queries=7, keys=7, dim=4, value_dim=6, batch=(2, 3)):
    make = lambda *shape: torch.randn(*batch, *shape, dtype=DOUBLE)  # noqa: E731
    return make(queries, dim), make(keys, dim), make(keys, value_dim)


def plain(query, key, value, causal=False):
    """Output and logsumexp by the definition."""
    mask = causal_mask(query.shape[-2], key.shape[-2]) if causal else None
    scores = query @ key.mT / math.sqrt(query.shape[-1])
    if causal:
        scores = scores.masked_fill(~mask, -torch.inf)
    return scaled_dot_product(query, key, value, mask)[0], scores.logsumexp(-1)


@given(lengths, lengths, st.integers(1, 10), st.booleans())
@settings(max_examples=60, deadline=None)
def test_flash_is_exact(queries, keys, block_size, causal):
    inputs = qkv(queries, keys)
    output, logsumexp = flash_forward(*inputs, block_size, causal)
    expected, expected_logsumexp = plain(*inputs, causal)
    torch.testing.assert_close(output, expected)
    torch.testing.assert_close(logsumexp, expected_logsumexp)


@pytest.mark.parametrize("causal", [False, True])
def test_flash_agrees_with_torch_and_survives_large_scores(causal):
    query, key, value = qkv(9, 9)
    for scale in (1.0, 200.0):
        expected = F.scaled_dot_product_attention(scale * query, key, value, is_causal=causal)
        torch.testing.assert_close(flash(scale * query, key, value, 4, causal)[0], expected)


@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 6), st.booleans())
@settings(max_examples=20, deadline=None)
def test_backward_by_hand_agrees_with_autograd(queries, keys, block_size, causal):
    inputs = [x.requires_grad_() for x in qkv(queries, keys)]
    output, logsumexp = plain(*inputs, causal)
    grad = torch.randn_like(output)
    expected = torch.autograd.grad(output, inputs, grad)
    with torch.no_grad():
        found = gradients(*inputs, output, logsumexp, grad, block_size, causal)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("variant", [flash, flash_backward])
def test_gradients_against_finite_differences(variant, causal):
    inputs = [x.requires_grad_() for x in qkv(4, 3, 2, 3, (2,))]
    assert torch.autograd.gradcheck(lambda *x: variant(*x, 2, causal)[0], inputs)


def test_nothing_of_the_size_of_the_matrix_is_ever_made(largest):
    inputs = [x.requires_grad_() for x in qkv(256, 256, 4, 4, ())]
    with largest:
        output, _ = flash_backward(*inputs, 16, True)
        output.sum().backward()
    assert largest.elements <= 256 * 4
    with largest:
        plain(*inputs)
    assert largest.elements >= 256 * 256


@pytest.mark.parametrize("variant", [flash, flash_backward, online_softmax, merge_partial])
def test_empty_blocks_are_named(variant):
    with pytest.raises(ValueError, match="at least 1, got 0"):
        variant(*qkv(), 0)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(0, 2**31))
@settings(max_examples=30, deadline=None)
def test_running_softmax_in_one_pass(sizes, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(3, sum(sizes), generator=generator, dtype=DOUBLE) * 100
    x[0] = -torch.inf
    x[1, : sizes[0]] = -torch.inf
    once = iter(x.split(sizes, dim=-1))
    maximum, total = running_softmax(once)
    torch.testing.assert_close(maximum, x.amax(-1))
    torch.testing.assert_close(maximum + total.log(), x.logsumexp(-1))
    assert total[0] == 0


def test_running_softmax_needs_a_block():
    with pytest.raises(ValueError, match="no blocks"):
        running_softmax([])


@pytest.mark.parametrize("block_size", [1, 3, 7, 20])
def test_online_softmax_is_exact(block_size):
    inputs = qkv()
    for left, right in zip(
        online_softmax(*inputs, block_size), scaled_dot_product(*inputs), strict=True
    ):
        torch.testing.assert_close(left, right)


@given(lengths, lengths, st.integers(1, 12))
@settings(max_examples=30, deadline=None)
def test_any_number_of_parts_merges_exactly(queries, keys, parts):
    inputs = qkv(queries, keys)
    torch.testing.assert_close(merge_partial(*inputs, parts, 3)[0], plain(*inputs)[0])


def partial(parts=3):
    """Outputs and logsumexps of disjoint parts, and of the whole."""
    query, key, value = qkv(5, 3 * parts)
    pieces = [plain(query, k, v) for k, v in zip(key.split(3, -2), value.split(3, -2), strict=True)]
    outputs, logsumexps = (torch.stack(part) for part in zip(*pieces, strict=True))
    return outputs, logsumexps, plain(query, key, value)


def test_merging_is_associative_and_gives_the_joint_logsumexp():
    outputs, logsumexps, whole = partial()
    torch.testing.assert_close(merge(outputs, logsumexps), whole)
    first = merge(outputs[:2], logsumexps[:2])
    stepwise = merge(torch.stack([first[0], outputs[2]]), torch.stack([first[1], logsumexps[2]]))
    torch.testing.assert_close(stepwise, whole)


def test_empty_parts_are_ignored_whatever_they_hold():
    outputs, logsumexps, _ = partial()
    expected = merge(outputs[1:], logsumexps[1:])
    outputs[0], logsumexps[0] = torch.nan, -torch.inf
    torch.testing.assert_close(merge(outputs, logsumexps), expected)
    logsumexps[:] = -torch.inf
    output, logsumexp = merge(outputs, logsumexps)
    assert (output == 0).all()
    assert (logsumexp == -torch.inf).all()


def test_gradients_of_merging_are_finite_with_empty_parts():
    outputs, logsumexps, _ = partial()
    logsumexps[0] = -torch.inf
    logsumexps[:, 0, 0, 0] = -torch.inf
    leaves = [outputs.requires_grad_(), logsumexps.requires_grad_()]
    merge(*leaves)[0].sum().backward()
    assert all(leaf.grad.isfinite().all() for leaf in leaves)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("devices", [1, 2, 4, 8])
def test_ring_is_exact(devices, causal):
    inputs = qkv(8, 8)
    torch.testing.assert_close(ring(*inputs, devices, causal)[0], plain(*inputs, causal)[0])


def test_ring_names_an_uneven_cut():
    with pytest.raises(ValueError, match="7 positions cannot be cut over 2 devices"):
        ring(*qkv(7, 7), 2)
