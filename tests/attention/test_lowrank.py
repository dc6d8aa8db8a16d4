"""Low-rank approximations: exact at full rank, and errors that fall with the rank."""

import pytest
import torch
import torch.nn.functional as F

from attention.induced_set import induced_set
from attention.inputs import draw
from attention.linformer import linformer
from attention.low_rank import low_rank, low_rank_error
from attention.multi_head import multi_head
from attention.nystrom import iterated_inverse, landmarks, nystrom
from attention.scaled_dot_product import scaled_dot_product

DOUBLE = torch.float64


def qkv(length=12, batch=(2, 3), dim=4):
    return torch.randn(3, *batch, length, dim, dtype=DOUBLE).unbind()


def test_linformer_with_the_identity_is_multi_head():
    inputs = draw(linformer, {"batch": 2, "length": 6, "rank": 6}, dtype=DOUBLE)
    weights = {k: w for k, w in inputs.items() if k.endswith("_weight")}
    for name in ("key_projection", "value_projection"):
        inputs[name] = torch.eye(6, dtype=DOUBLE)
    x = inputs["x"]
    expected = multi_head(x, x, x, **weights, num_heads=4)
    for left, right in zip(linformer(**inputs, num_heads=4), expected, strict=True):
        torch.testing.assert_close(left, right)


def test_linformer_by_loops():
    inputs = draw(linformer, {"batch": 2, "length": 6, "rank": 3, "model": 8}, dtype=DOUBLE)
    x, width = inputs["x"], 4
    heads = []
    for head in range(2):
        rows = slice(head * width, (head + 1) * width)
        q, k, v = (x @ inputs[f"{name}_weight"][rows].T for name in ("query", "key", "value"))
        k = torch.einsum("rl,bld->brd", inputs["key_projection"], k)
        v = torch.einsum("rl,bld->brd", inputs["value_projection"], v)
        heads.append(F.scaled_dot_product_attention(q, k, v))
    expected = torch.cat(heads, dim=-1) @ inputs["output_weight"].T
    output, weights = linformer(**inputs, num_heads=2)
    torch.testing.assert_close(output, expected)
    assert weights.shape == (2, 2, 6, 3)


def test_linformer_makes_no_full_matrix(largest):
    inputs = draw(linformer, {"length": 400, "rank": 4, "model": 8}, dtype=DOUBLE)
    with largest:
        linformer(**inputs, num_heads=2)
    assert largest.elements <= 400 * 8


def test_nystrom_is_exact_when_every_position_is_a_landmark():
    inputs = qkv(6)
    expected, expected_weights = scaled_dot_product(*inputs)
    output, weights = nystrom(*inputs, num_landmarks=6)
    torch.testing.assert_close(output, expected, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(weights, expected_weights, rtol=1e-6, atol=1e-6)


def test_nystrom_by_the_formula():
    query, key, value = qkv(12)
    q_marks = torch.stack([query[..., i : i + 3, :].mean(-2) for i in range(0, 12, 3)], dim=-2)
    k_marks = torch.stack([key[..., i : i + 3, :].mean(-2) for i in range(0, 12, 3)], dim=-2)
    left, middle, right = (
        (a @ b.mT / 2).softmax(-1)
        for a, b in ((query, k_marks), (q_marks, k_marks), (q_marks, key))
    )
    expected = left @ torch.linalg.solve(middle, right @ value)
    output, weights = nystrom(query, key, value, 4)
    torch.testing.assert_close(output, expected, rtol=1e-6, atol=1e-6)
    torch.testing.assert_close(weights.sum(-1), torch.ones(2, 3, 12, dtype=DOUBLE))


def test_nystrom_error_falls_with_landmarks():
    # Smooth sequences, as the method assumes: neighbours resemble each other.
    steps = torch.linspace(0, 3, 48, dtype=DOUBLE)[:, None]
    query, key, value = (
        torch.cat([(steps * f + p).sin() for f in (1.0, 2.0, 3.0)], dim=-1) for p in (0.0, 0.5, 1.0)
    )
    exact = F.scaled_dot_product_attention(query[None], key[None], value[None])[0]
    errors = [(nystrom(query, key, value, m)[0] - exact).norm().item() for m in (1, 2, 4, 8, 16)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1e-4 * errors[0]


def test_nystrom_without_weights_makes_no_full_matrix(largest):
    inputs = qkv(400, ())
    with largest:
        _, weights = nystrom(*inputs, num_landmarks=4, need_weights=False)
    assert weights is None
    assert largest.elements <= 400 * 4


def test_landmarks_need_an_even_cut():
    with pytest.raises(ValueError, match="12 positions cannot be cut into 5 landmarks"):
        landmarks(torch.zeros(12, 2), 5)


def test_iterated_inverse_converges_with_third_order():
    q, k = torch.randn(2, 3, 8, 4, dtype=DOUBLE)
    matrix = (q @ k.mT / 2).softmax(-1) + 0.5 * torch.eye(8, dtype=DOUBLE)
    exact = torch.linalg.pinv(matrix)
    errors = [(iterated_inverse(matrix, s) - exact).norm().item() for s in (2, 4, 6, 12)]
    assert errors[0] > errors[1] > errors[2] > errors[3]
    assert errors[3] < 1e-9


def test_low_rank_is_the_truncated_decomposition():
    query, key, value = qkv()
    exact = (query @ key.mT / 2).softmax(-1)
    u, s, v = torch.linalg.svd(exact)
    for rank in (1, 3, 12, 50):
        output, weights = low_rank(query, key, value, rank)
        expected = (u[..., :rank] * s[..., None, :rank]) @ v[..., :rank, :]
        torch.testing.assert_close(weights, expected)
        torch.testing.assert_close(output, expected @ value)
        relative = (weights - exact).norm(dim=(-2, -1)) / exact.norm(dim=(-2, -1))
        torch.testing.assert_close(low_rank_error(exact, rank), relative)
    with pytest.raises(ValueError, match="got 0"):
        low_rank(query, key, value, 0)


def test_no_method_of_the_same_rank_beats_the_bound():
    query, key, value = qkv()
    exact = (query @ key.mT / 2).softmax(-1)
    _, approximate = nystrom(query, key, value, 4)
    error = (approximate - exact).norm(dim=(-2, -1)) / exact.norm(dim=(-2, -1))
    assert (error >= low_rank_error(exact, 4)).all()


def test_needles_have_full_rank_and_averages_rank_one():
    torch.testing.assert_close(low_rank_error(torch.eye(16), 4), torch.tensor((12 / 16) ** 0.5))
    assert low_rank_error(torch.full((16, 16), 1 / 16), 1) < 1e-6


def test_induced_set_is_two_attentions(largest):
    inputs = draw(induced_set, {"batch": 2, "length": 7}, dtype=DOUBLE)
    points = inputs["points"].expand(2, -1, -1)
    gathered = F.scaled_dot_product_attention(points, inputs["key"], inputs["value"])
    expected = F.scaled_dot_product_attention(inputs["query"], gathered, gathered)
    output, weights = induced_set(**inputs)
    torch.testing.assert_close(output, expected)
    torch.testing.assert_close(weights @ inputs["value"], output)
    assert (torch.linalg.matrix_rank(weights) <= 3).all()
    order = torch.randperm(7)
    moved = {k: x[:, order] if k != "points" else x for k, x in inputs.items()}
    torch.testing.assert_close(induced_set(**moved)[0], output[:, order])
    long = draw(induced_set, {"length": 400, "dim": 4})
    with largest:
        assert induced_set(**long, need_weights=False)[1] is None
    assert largest.elements <= 400 * 4
