"""Caches give what the uncached attention gives, and their sizes are the published ones."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from attention.causal import causal
from attention.inputs import draw
from attention.kv_cache import bytes_per_token, kv_cache, step
from attention.multi_head_latent import multi_head_latent, numbers_per_token
from attention.multi_head_latent_absorbed import multi_head_latent_absorbed as absorbed
from attention.paged import paged
from attention.prefix_sharing import prefix_sharing
from attention.rolling_cache import RollingCache, rolling_cache
from attention.rotary import apply_rotary

DOUBLE = torch.float64


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4))
@settings(max_examples=15, deadline=None)
def test_any_split_into_chunks_gives_the_uncached_result(chunks):
    weights = draw(causal, {"batch": 2, "length": sum(chunks)}, dtype=DOUBLE)
    x = weights.pop("x")
    expected, _ = causal(x, **weights, num_heads=4)
    cache, outputs = None, []
    for chunk in x.split(chunks, dim=1):
        output, _, cache = step(chunk, **weights, num_heads=4, cache=cache)
        outputs.append(output)
    torch.testing.assert_close(torch.cat(outputs, dim=1), expected)
    assert cache[0].shape == (2, 4, sum(chunks), 8)


@pytest.mark.parametrize("prompt", [1, 3, 8, 20])
def test_prefill_and_decoding_equal_one_pass(prompt):
    inputs = draw(kv_cache, {"batch": 2}, dtype=DOUBLE)
    for left, right in zip(
        kv_cache(**inputs, num_heads=4, prompt=prompt), causal(**inputs, num_heads=4), strict=True
    ):
        torch.testing.assert_close(left, right)


def test_a_prompt_needs_a_token():
    with pytest.raises(ValueError, match="at least one token, got 0"):
        kv_cache(**draw(kv_cache), num_heads=4, prompt=0)


def test_published_cache_sizes():
    # vLLM paper, section 3: a token of OPT-13B (40 layers, width 5120, half precision), 800 KB.
    assert bytes_per_token(layers=40, kv_heads=40, head_dim=128) == 800 * 1024
    # Llama 2 70B has 80 layers and shares 8 key-value heads among 64: an eighth of MHA.
    shared = bytes_per_token(layers=80, kv_heads=8, head_dim=128)
    assert shared == 320 * 1024
    assert bytes_per_token(layers=80, kv_heads=64, head_dim=128) == 8 * shared
    assert bytes_per_token(layers=80, kv_heads=1, head_dim=128) == shared // 8


@given(st.integers(1, 9), st.integers(1, 9))
@settings(max_examples=20, deadline=None)
def test_rolling_cache_is_sliding_window_attention(length, window):
    query, key, value = torch.randn(3, 2, 2, length, 4, dtype=DOUBLE).unbind()
    output, weights = rolling_cache(query, key, value, window)
    distance = torch.arange(length)[:, None] - torch.arange(length)
    mask = (distance >= 0) & (distance < window)
    expected = F.scaled_dot_product_attention(query, key, value, mask)
    torch.testing.assert_close(output, expected)
    torch.testing.assert_close(weights @ value, expected)
    assert (weights[..., ~mask] == 0).all()


def test_rolling_cache_reuses_its_slots():
    cache = RollingCache(3)
    for position in range(5):
        cache.write(torch.tensor(position), torch.tensor(-position))
        assert len(cache.slots) == min(position + 1, 3)
    assert cache.positions() == [3, 4, 2]
    assert [int(key) for key, _ in cache.slots] == [3, 4, 2]
    with pytest.raises(ValueError, match="got 0"):
        RollingCache(0)


def pages(lengths, page_size=4, blocks=3):
    """Random pages in shuffled order, with NaN wherever nothing may be read."""
    batch = len(lengths)
    count = batch * blocks + 2
    key, value = torch.full((2, count, page_size, 2, 8), torch.nan, dtype=DOUBLE).unbind()
    table = torch.randperm(count)[: batch * blocks].reshape(batch, blocks)
    for b, length in enumerate(lengths):
        for position in range(length):
            page, slot = table[b, position // page_size], position % page_size
            key[page, slot], value[page, slot] = torch.randn(2, 2, 8, dtype=DOUBLE)
        table[b, -(-length // page_size) :] = -99
    return key, value, table


def test_paged_reads_a_sequence_through_its_table():
    lengths = [1, 4, 7, 12, 0]
    key, value, table = pages(lengths)
    query = torch.randn(5, 6, 8, dtype=DOUBLE)
    output, weights = paged(query, key, value, table, torch.tensor(lengths))
    for b, length in enumerate(lengths[:4]):
        where = [(int(table[b, p // 4]), p % 4) for p in range(length)]
        keys = torch.stack([key[at] for at in where], dim=1)[None]
        values = torch.stack([value[at] for at in where], dim=1)[None]
        expected = F.scaled_dot_product_attention(
            query[b, None, :, None], keys, values, enable_gqa=True
        )
        torch.testing.assert_close(output[b], expected[0, :, 0])
        assert (weights[b, :, length:] == 0).all()
        torch.testing.assert_close(weights[b].sum(-1), torch.ones(6, dtype=DOUBLE))
    assert (output[4] == 0).all()


def test_paged_names_a_length_beyond_its_table():
    inputs = draw(paged)
    inputs["lengths"] = torch.tensor([13, 2])
    with pytest.raises(ValueError, match=r"0\.\.12, got \[13, 2\]"):
        paged(**inputs)


LATENT = {"batch": 2, "length": 6, "heads": 3, "dim": 5, "value_dim": 4, "rope": 4, "latent": 7}


def test_latent_attention_by_loops():
    inputs = draw(multi_head_latent, LATENT, dtype=DOUBLE)
    output, weights = multi_head_latent(**inputs)
    x, positions = inputs["x"], torch.arange(6)
    latent = x @ inputs["kv_down_weight"].T
    key_rope = apply_rotary(x @ inputs["key_rope_weight"].T, positions)
    heads = []
    for h in range(3):
        query = x @ inputs["query_weight"][h].T
        query = torch.cat([query[..., :5], apply_rotary(query[..., 5:], positions)], dim=-1)
        key = torch.cat([latent @ inputs["key_up_weight"][h].T, key_rope], dim=-1)
        value = latent @ inputs["value_up_weight"][h].T
        heads.append(F.scaled_dot_product_attention(query, key, value, is_causal=True))
    torch.testing.assert_close(output, torch.cat(heads, dim=-1) @ inputs["output_weight"].T)
    assert weights.shape == (2, 3, 6, 6)


def test_latent_attention_absorbed_is_the_same():
    inputs = draw(multi_head_latent, LATENT, dtype=DOUBLE)
    for left, right in zip(absorbed(**inputs), multi_head_latent(**inputs), strict=True):
        torch.testing.assert_close(left, right)


def test_published_latent_cache_sizes():
    # DeepSeek-V2, table 1: (4 d_h + d_h / 2) l numbers, as much as GQA with 2.25 groups.
    head, layers = 128, 60
    numbers = numbers_per_token(layers, latent=4 * head, rope=head // 2)
    assert numbers == 4.5 * head * layers == 2.25 * bytes_per_token(layers, 1, head, 1)
    # Its abstract: 93.3 % less than DeepSeek 67B (95 layers, 8 key-value heads), at 6 bits.
    before = 8 * bytes_per_token(layers=95, kv_heads=8, head_dim=128)
    assert round(100 * (1 - 6 * numbers / before), 1) == 93.3


@pytest.mark.parametrize("queries", [1, 3])
def test_a_shared_prefix_gives_what_each_request_gives_alone(queries):
    sizes = {"batch": 3, "queries": queries, "keys": 4, "prefix": 70}
    inputs = draw(prefix_sharing, sizes, dtype=DOUBLE)
    output, _ = prefix_sharing(**inputs)
    for b in range(3):
        key = torch.cat([inputs["prefix_key"], inputs["key"][b]], dim=-2)
        value = torch.cat([inputs["prefix_value"], inputs["value"][b]], dim=-2)
        mask = torch.ones(queries, 74, dtype=torch.bool).tril(74 - queries)
        expected = F.scaled_dot_product_attention(inputs["query"][b], key, value, mask)
        torch.testing.assert_close(output[b], expected)
