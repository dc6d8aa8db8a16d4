"""Sparse patterns: what each query may see, entry by entry, and exactness within it."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from attention.attention_sinks import attention_sink_mask, attention_sinks
from attention.bigbird import bigbird, block_pattern
from attention.longformer import longformer, longformer_mask
from attention.sliding_window import by_blocks, sliding_window, window_mask
from attention.sparse_transformer import factorised_masks, sparse_transformer
from attention.top_k import top_k, top_k_mask

DOUBLE = torch.float64


def qkv(length=8, batch=(2, 3), dim=4):
    return torch.randn(3, *batch, length, dim, dtype=DOUBLE).unbind()


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 8))
@settings(max_examples=30, deadline=None)
def test_window_mask_entry_by_entry(queries, keys, window):
    mask = window_mask(queries, keys, window)
    for i in range(queries):
        for j in range(keys):
            assert mask[i, j] == (0 <= i + keys - queries - j < window)


@given(st.integers(1, 20), st.integers(1, 9))
@settings(max_examples=40, deadline=None)
def test_window_by_blocks_equals_the_masked_form(length, window):
    inputs = qkv(length)
    expected, _ = sliding_window(*inputs, window)
    torch.testing.assert_close(by_blocks(*inputs, window), expected)


def test_window_by_blocks_makes_no_full_matrix(largest):
    inputs = qkv(512, batch=())
    with largest:
        by_blocks(*inputs, 8)
    assert largest.elements <= 512 * 2 * 8


@given(st.integers(1, 6), st.data())
@settings(max_examples=20, deadline=None)
def test_what_lies_outside_the_window_changes_nothing(window, data):
    position = data.draw(st.integers(0, 9))
    query, key, value = qkv(10)
    before, _ = sliding_window(query, key, value, window)
    key[..., position, :] += 5
    value[..., position, :] += 5
    after, _ = sliding_window(query, key, value, window)
    changed = (before != after).any(-1).any(0).any(0)
    inside = (torch.arange(10) >= position) & (torch.arange(10) < position + window)
    assert torch.equal(changed, inside)


def test_a_wide_window_is_causal_attention():
    inputs = qkv()
    expected = F.scaled_dot_product_attention(*inputs, is_causal=True)
    torch.testing.assert_close(sliding_window(*inputs, 8)[0], expected)
    with pytest.raises(ValueError, match="got 0"):
        sliding_window(*inputs, 0)


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 4), st.integers(1, 5))
@settings(max_examples=30, deadline=None)
def test_sink_mask_entry_by_entry(queries, keys, sinks, window):
    mask = attention_sink_mask(queries, keys, sinks, window)
    for i in range(queries):
        at = i + keys - queries
        for j in range(keys):
            assert mask[i, j] == (j <= at and (j < sinks or at - j < window))


def test_sinks_in_attention():
    inputs = qkv()
    mask = attention_sink_mask(8, 8, 2, 3)
    expected = F.scaled_dot_product_attention(*inputs, mask)
    torch.testing.assert_close(attention_sinks(*inputs, 2, 3)[0], expected)
    with pytest.raises(ValueError, match="got -1"):
        attention_sinks(*inputs, -1, 3)


@given(st.integers(1, 12), st.integers(0, 3), st.integers(1, 3), st.integers(0, 3))
@settings(max_examples=30, deadline=None)
def test_longformer_mask_entry_by_entry(length, half, dilation, global_tokens):
    mask = longformer_mask(length, 2 * half, dilation, global_tokens)
    for i in range(length):
        for j in range(length):
            near = j in range(i - half * dilation, i + half * dilation + 1, dilation)
            assert mask[i, j] == (near or i < global_tokens or j < global_tokens)


def test_longformer_in_attention():
    inputs = qkv(10)
    expected = F.scaled_dot_product_attention(*inputs, longformer_mask(10, 4, 2, 1))
    torch.testing.assert_close(longformer(*inputs, 4, 2, 1)[0], expected)
    for wrong in ((-2, 1, 0), (2, 0, 0), (2, 1, -1)):
        with pytest.raises(ValueError, match="must be at least"):
            longformer(*inputs, *wrong)


def test_bigbird_pattern_has_its_three_kinds_of_blocks():
    pattern = block_pattern(12, random_blocks=2, global_blocks=1, seed=3)
    certain = block_pattern(12, random_blocks=0, global_blocks=1)
    index = torch.arange(12)
    near = (index[:, None] - index).abs() <= 1
    assert torch.equal(certain, near | (index == 0) | (index == 0)[:, None])
    extra = pattern & ~certain
    assert (pattern >= certain).all()
    assert extra[1:].sum(-1).tolist() == [2] * 11
    assert not torch.equal(pattern, block_pattern(12, 2, 1, seed=4))
    assert block_pattern(3, 9, 0).all()
    with pytest.raises(ValueError, match="-1 random"):
        block_pattern(4, -1, 0)


def test_bigbird_in_attention():
    inputs = qkv(12)
    mask = torch.kron(block_pattern(4, 1, 1).int(), torch.ones(3, 3, dtype=torch.int)).bool()
    expected = F.scaled_dot_product_attention(*inputs, mask)
    torch.testing.assert_close(bigbird(*inputs, 3)[0], expected)
    with pytest.raises(ValueError, match="12 positions do not make blocks of 5"):
        bigbird(*inputs, 5)


def test_top_k_by_sorting():
    query, key, value = qkv()
    for k in (1, 3, 8, 20):
        _, weights = top_k(query, key, value, k)
        scores = query @ key.mT / 2
        kept = scores.topk(min(k, 8), dim=-1)
        expected = torch.zeros_like(scores).scatter(-1, kept.indices, kept.values.softmax(-1))
        torch.testing.assert_close(weights, expected)


def test_top_k_ties_go_to_the_lower_index():
    scores = torch.tensor([[1.0, 2.0, 2.0, 1.0, 2.0], [0.0] * 5])
    assert top_k_mask(scores, 2).tolist() == [
        [False, True, True, False, False],
        [True, True, False, False, False],
    ]
    with pytest.raises(ValueError, match="got 0"):
        top_k_mask(scores, 0)


def test_top_k_error_falls_with_k():
    inputs = qkv(40)
    exact = F.scaled_dot_product_attention(*inputs)
    errors = [(top_k(*inputs, k)[0] - exact).norm().item() for k in (1, 4, 16, 40)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1e-12


def test_factorised_patterns_by_hand():
    near, far = factorised_masks(6, 3, "strided").int()
    assert near[5].tolist() == [0, 0, 0, 1, 1, 1]
    assert far[5].tolist() == [0, 0, 1, 0, 0, 1]
    near, far = factorised_masks(6, 3, "fixed").int()
    assert near[4].tolist() == [0, 0, 0, 1, 1, 0]
    assert far[4].tolist() == [0, 0, 1, 0, 1, 0]


@pytest.mark.parametrize("pattern", ["strided", "fixed"])
def test_two_factorised_steps_reach_all_of_the_past(pattern):
    near, far = factorised_masks(16, 4, pattern).int()
    past = torch.ones(16, 16).tril().bool()
    # A block's last place tells about its block: in the fixed pattern the far step comes last.
    reached = (far @ near > 0) | (near @ far > 0)
    assert torch.equal(reached, past)


def test_sparse_transformer_in_attention():
    inputs = qkv(8)
    masks = factorised_masks(8, 3, "strided")[[0, 1, 0]]
    expected = F.scaled_dot_product_attention(*inputs, masks)
    torch.testing.assert_close(sparse_transformer(*inputs, 3)[0], expected)
    with pytest.raises(ValueError, match="got 'random'"):
        sparse_transformer(*inputs, 3, "random")
    with pytest.raises(ValueError, match="got 0"):
        sparse_transformer(*inputs, 0)
