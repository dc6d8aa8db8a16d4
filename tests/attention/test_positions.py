"""Positions: tables by hand, relative invariance, and scaling beyond the trained length."""

import itertools
import math

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from attention.alibi import alibi, alibi_bias
from attention.disentangled import disentangled
from attention.inputs import draw
from attention.relative_keys import relative_keys
from attention.rotary import apply_rotary, frequencies, rotary
from attention.rotary_2d import apply_rotary_2d, rotary_2d
from attention.rotary_scaled import rotary_scaled, scaled_frequencies
from attention.scaled_dot_product import scaled_dot_product
from attention.sinusoidal import sinusoidal, sinusoidal_positions
from attention.t5_bias import relative_position_bucket, t5_bias
from attention.transformer_xl import transformer_xl

DOUBLE = torch.float64


def qkv(*shape):
    return torch.randn(3, *shape, dtype=DOUBLE).unbind()


@pytest.mark.parametrize("dim", [1, 5, 8])
def test_sinusoidal_table_by_hand(dim):
    table = sinusoidal_positions(6, dim, 50.0)
    for position in range(6):
        for column in range(dim):
            angle = position / 50.0 ** ((column - column % 2) / dim)
            expected = math.cos(angle) if column % 2 else math.sin(angle)
            assert table[position, column].item() == pytest.approx(expected, abs=1e-6)
    assert table.dtype == torch.float32


def test_sinusoidal_products_depend_on_the_distance_only():
    table = sinusoidal_positions(40, 16).double()
    products = table @ table.T
    for offset in range(5):
        line = products.diagonal(offset)
        torch.testing.assert_close(line, line[:1].expand_as(line), rtol=0, atol=1e-5)


def test_sinusoidal_is_added_before_attention():
    x = torch.randn(2, 5, 8, dtype=DOUBLE)
    placed = x + sinusoidal_positions(5, 8, 100.0).double()
    expected = F.scaled_dot_product_attention(placed, placed, placed)
    torch.testing.assert_close(sinusoidal(x, 100.0)[0], expected)
    with pytest.raises(ValueError, match=r"got -1\.0"):
        sinusoidal(x, -1.0)


def test_rotary_is_multiplication_of_complex_numbers():
    x, positions = torch.randn(3, 5, 8, dtype=DOUBLE), torch.tensor([0, 4, 1, 9, 30])
    numbers = torch.complex(x[..., :4], x[..., 4:])
    angles = positions[:, None] * frequencies(8, 100.0)
    turned = numbers * torch.polar(torch.ones_like(angles), angles)
    expected = torch.cat([turned.real, turned.imag], dim=-1)
    torch.testing.assert_close(apply_rotary(x, positions, 100.0), expected)
    assert frequencies(8, 100.0).tolist() == pytest.approx([1, 100**-0.25, 0.1, 100**-0.75])


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 200))
@settings(max_examples=40, deadline=None)
def test_rotary_scores_depend_on_the_distance_only(m, n, shift):
    query, key = torch.randn(2, 1, 16, dtype=DOUBLE)[:, None]
    at = lambda x, position: apply_rotary(x, torch.tensor([position]))  # noqa: E731
    here = at(query, m) @ at(key, n).mT
    there = at(query, m + shift) @ at(key, n + shift).mT
    torch.testing.assert_close(here, there)
    torch.testing.assert_close(at(query, m).norm(), query.norm())


def test_rotary_attention_places_queries_last_and_fraction_leaves_the_rest():
    query, key, value = qkv(2, 6, 8)
    whole, _ = rotary(query, key, value)
    torch.testing.assert_close(rotary(query[:, 4:], key, value)[0], whole[:, 4:])
    plain, _ = scaled_dot_product(query, key, value)
    torch.testing.assert_close(rotary(query, key, value, fraction=0.0)[0], plain)
    partial = torch.cat([apply_rotary(key[..., :4], torch.arange(6)), key[..., 4:]], dim=-1)
    turned = torch.cat([apply_rotary(query[..., :4], torch.arange(6)), query[..., 4:]], dim=-1)
    expected, _ = scaled_dot_product(turned, partial, value)
    torch.testing.assert_close(rotary(query, key, value, fraction=0.5)[0], expected)


def test_rotary_names_what_it_cannot_do():
    with pytest.raises(ValueError, match="even dim, got 7"):
        apply_rotary(torch.zeros(2, 7), torch.arange(2))
    with pytest.raises(ValueError, match=r"0\.\.1, got 1\.5"):
        rotary(*qkv(2, 8), fraction=1.5)


def test_scaling_changes_the_frequencies_it_should():
    plain = frequencies(64).double()
    stretched = {
        method: scaled_frequencies(64, method, 8.0, 4096).double()
        for method in ("none", "interpolation", "ntk", "yarn")
    }
    torch.testing.assert_close(stretched["none"], plain)
    torch.testing.assert_close(stretched["interpolation"], plain / 8)
    ratio = plain / stretched["ntk"]
    assert ratio[0] == 1
    assert ratio[-1].item() == pytest.approx(8, rel=1e-9)
    torch.testing.assert_close(
        ratio.log().diff(), ratio.log().diff().mean().expand(31), rtol=0, atol=1e-5
    )
    turns = 4096 * plain / (2 * math.pi)
    ratio = plain / stretched["yarn"]
    assert (ratio[turns > 32] == 1).all()
    torch.testing.assert_close(ratio[turns < 1], torch.full_like(ratio[turns < 1], 8.0))
    between = (turns > 1) & (turns < 32)
    assert between.any()
    for turn, change in zip(turns[between], ratio[between], strict=True):
        keep = (turn - 1) / 31
        assert change.item() == pytest.approx(1 / (keep + (1 - keep) / 8).item(), rel=1e-9)


def test_interpolated_positions_are_the_trained_ones():
    query, key, value = qkv(1, 9, 8)
    _, weights = rotary_scaled(query, key, value, "interpolation", 2.0)
    # Every second token stands exactly at a trained position: ratios of its weights agree.
    every = slice(None, None, 2)
    _, expected = rotary(query[:, every], key[:, every], value[:, every])
    among = weights[:, every, every]
    torch.testing.assert_close(among / among.sum(-1, keepdim=True), expected)


def test_yarn_sharpens_by_its_temperature():
    query, key, value = qkv(1, 4, 8)
    sharp = 0.1 * math.log(4.0) + 1
    theta = scaled_frequencies(8, "yarn", 4.0, 16)
    angles = torch.arange(4)[:, None] * theta
    numbers = [
        torch.complex(x[..., :4], x[..., 4:])
        * torch.polar(torch.ones_like(angles), angles).to(torch.complex128)
        for x in (query, key)
    ]
    scores = (numbers[0] @ numbers[1].mH).real * sharp**2 / math.sqrt(8)
    _, weights = rotary_scaled(query, key, value, "yarn", 4.0, 16)
    torch.testing.assert_close(weights, scores.softmax(-1))


def test_rotary_scaling_names_what_it_cannot_do():
    inputs = qkv(2, 8)
    with pytest.raises(ValueError, match="got 'longrope'"):
        rotary_scaled(*inputs, method="longrope")
    with pytest.raises(ValueError, match=r"at least 1, got 0\.5"):
        rotary_scaled(*inputs, factor=0.5)
    with pytest.raises(ValueError, match="at least 4, got 2"):
        rotary_scaled(*qkv(2, 2), method="ntk")


@given(st.integers(0, 4), st.integers(0, 4))
@settings(max_examples=20, deadline=None)
def test_2d_rotary_depends_on_row_and_column_distance_only(rows, columns):
    query, key = torch.randn(2, 8, dtype=DOUBLE)
    place = apply_rotary_2d(query.expand(8, 8, 8)), apply_rotary_2d(key.expand(8, 8, 8))
    here = place[0][1, 2] @ place[1][3, 0]
    there = place[0][1 + rows, 2 + columns] @ place[1][3 + rows, columns]
    torch.testing.assert_close(here, there)


def test_2d_rotary_of_one_row_is_one_dimensional_in_its_second_half():
    query, key, value = qkv(2, 1, 5, 8)
    _, weights = rotary_2d(query, key, value)

    def turn(x):
        columns = apply_rotary(x[:, 0, :, 4:], torch.arange(5), 100.0)
        return torch.cat([x[:, 0, :, :4], columns], dim=-1)

    _, expected = scaled_dot_product(turn(query), turn(key), value[:, 0])
    torch.testing.assert_close(weights, expected)
    with pytest.raises(ValueError, match="divisible by 4, got 6"):
        rotary_2d(*qkv(1, 2, 2, 6))


def test_alibi_bias_by_hand():
    bias = alibi_bias(8, 2, 4)
    for head in range(8):
        slope = 0.5 ** (head + 1)
        expected = [[-2 * slope, -slope, 0, -math.inf], [-3 * slope, -2 * slope, -slope, 0]]
        assert bias[head].tolist() == expected
    assert alibi_bias(6, 1, 2)[:, 0, 0].tolist() == pytest.approx(
        [-(2 ** (-8 * h / 6)) for h in range(1, 7)]
    )


def test_alibi_agrees_with_torch():
    query = torch.randn(2, 4, 3, 8, dtype=DOUBLE)
    key, value = torch.randn(2, 2, 4, 5, 8, dtype=DOUBLE).unbind()
    expected = F.scaled_dot_product_attention(query, key, value, alibi_bias(4, 3, 5).double())
    torch.testing.assert_close(alibi(query, key, value)[0], expected)


def bucket_by_edges(relative, buckets, furthest, bidirectional):
    """The bucket found by walking over the edges of the logarithmic buckets."""
    offset, distance = 0, max(-relative, 0)
    if bidirectional:
        buckets //= 2
        offset, distance = (buckets if relative > 0 else 0), abs(relative)
    exact = buckets // 2
    if distance < exact:
        return offset + distance
    wide = buckets - exact
    edges = [exact * (furthest / exact) ** (k / wide) for k in range(1, wide)]
    return offset + exact + sum(distance >= edge - 1e-9 for edge in edges)


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize(("buckets", "furthest"), [(32, 128), (16, 40)])
def test_t5_buckets(bidirectional, buckets, furthest):
    relative = torch.arange(-300, 300)
    found = relative_position_bucket(relative, buckets, furthest, bidirectional)
    expected = [bucket_by_edges(r, buckets, furthest, bidirectional) for r in range(-300, 300)]
    assert found.tolist() == expected


def test_t5_bias_is_added_unscaled():
    inputs = draw(t5_bias, {"batch": 2, "queries": 3, "keys": 5}, dtype=DOUBLE)
    _, weights = t5_bias(**inputs)
    for i, head in itertools.product(range(3), range(4)):
        buckets = [bucket_by_edges(j - i - 2, 32, 128, True) for j in range(5)]
        bias = inputs["bias_table"][buckets, head]
        scores = torch.einsum("bd,bjd->bj", inputs["query"][:, head, i], inputs["key"][:, head])
        torch.testing.assert_close(weights[:, head, i], (scores + bias).softmax(-1))
    with pytest.raises(ValueError, match="must exceed 8, got 5"):
        t5_bias(**inputs, max_distance=5)


def test_relative_keys_by_loops():
    inputs = draw(relative_keys, {"length": 6, "distances": 5}, dtype=DOUBLE)
    output, weights = relative_keys(**inputs)
    query, key, value = (inputs[name][0] for name in ("query", "key", "value"))
    for i in range(6):
        rows = [max(-2, min(2, j - i)) + 2 for j in range(6)]
        scores = (
            torch.stack([query[i] @ (key[j] + inputs["key_table"][r]) for j, r in enumerate(rows)])
            / 4
        )
        expected = scores.softmax(0)
        torch.testing.assert_close(weights[0, i], expected)
        torch.testing.assert_close(output[0, i], expected @ (value + inputs["value_table"][rows]))
    inputs["key_table"], inputs["value_table"] = torch.zeros(2, 2, 16, dtype=DOUBLE)
    with pytest.raises(ValueError, match="odd number of rows, got 2"):
        relative_keys(**inputs)


def test_transformer_xl_by_the_four_terms():
    inputs = draw(transformer_xl, dtype=DOUBLE)
    query, key = inputs["query"][0], inputs["key"][0]
    u, v, position = (inputs[n] for n in ("content_bias", "position_bias", "position_weight"))
    table = sinusoidal_positions(9, 16).double()
    _, weights = transformer_xl(**inputs)
    for i in range(5):
        scores = torch.full((9,), -torch.inf, dtype=DOUBLE)
        for j in range(i + 5):
            r = position @ table[i + 4 - j]
            scores[j] = (query[i] @ key[j] + query[i] @ r + u @ key[j] + v @ r) / 4
        torch.testing.assert_close(weights[0, i], scores.softmax(0))


def test_disentangled_by_its_three_terms():
    inputs = draw(disentangled, {"batch": 2, "length": 7, "distances": 6}, dtype=DOUBLE)
    _, weights = disentangled(**inputs)
    place = lambda i, j: max(0, min(i - j + 3, 5))  # noqa: E731
    for b in range(2):
        q, k = inputs["query"][b], inputs["key"][b]
        for i in range(7):
            scores = torch.stack(
                [
                    q[i] @ k[j]
                    + q[i] @ inputs["position_keys"][place(i, j)]
                    + k[j] @ inputs["position_queries"][place(j, i)]
                    for j in range(7)
                ]
            )
            torch.testing.assert_close(weights[b, i], (scores / math.sqrt(48)).softmax(0))
    inputs["position_keys"] = inputs["position_queries"] = torch.zeros(5, 16, dtype=DOUBLE)
    with pytest.raises(ValueError, match="even number of rows, got 5"):
        disentangled(**inputs)
