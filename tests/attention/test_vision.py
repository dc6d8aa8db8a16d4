"""Attention in vision against loops over patches, torch's layers, and its own symmetries."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from attention.axial import axial
from attention.cbam import cbam
from attention.deformable import deformable
from attention.inputs import draw
from attention.neighbourhood import near, neighbourhood
from attention.non_local import non_local
from attention.shifted_window import by_windows, regions, shifted_window
from attention.slot_attention import slot_attention
from attention.squeeze_excitation import squeeze_excitation
from attention.stages import record
from attention.vit_patch import cut, vit_patch

DOUBLE = torch.float64


def qkv(patches, dim=4):
    return torch.randn(3, 2, 3, patches, dim, dtype=DOUBLE).unbind()


def test_squeeze_excitation_by_loops():
    inputs = draw(squeeze_excitation, {"batch": 2}, dtype=DOUBLE)
    output, weights = squeeze_excitation(**inputs)
    for b in range(2):
        means = torch.stack([channel.mean() for channel in inputs["x"][b]])
        hidden = F.relu(inputs["squeeze_weight"] @ means)
        expected = torch.sigmoid(inputs["excite_weight"] @ hidden)
        torch.testing.assert_close(weights[b], expected)
        for c in range(8):
            torch.testing.assert_close(output[b, c], expected[c] * inputs["x"][b, c])


def test_cbam_by_loops():
    inputs = draw(cbam, {"batch": 2, "kernel": 3}, dtype=DOUBLE)
    output, weights = cbam(**inputs)
    for b in range(2):
        x = inputs["x"][b]
        mlp = lambda v: inputs["excite_weight"] @ F.relu(inputs["squeeze_weight"] @ v)  # noqa: E731
        scale = torch.sigmoid(mlp(x.mean((1, 2))) + mlp(x.flatten(1).max(-1).values))
        x = x * scale[:, None, None]
        maps = F.pad(torch.stack([x.mean(0), x.max(0).values]), (1, 1, 1, 1))
        for i in range(6):
            for j in range(6):
                logit = (maps[:, i : i + 3, j : j + 3] * inputs["spatial_weight"][0]).sum()
                torch.testing.assert_close(weights[b, i, j], logit.sigmoid())
        torch.testing.assert_close(output[b], x * weights[b])
    inputs["spatial_weight"] = torch.zeros(1, 2, 4, 4, dtype=DOUBLE)
    with pytest.raises(ValueError, match="got 4"):
        cbam(**inputs)


def test_non_local_by_torch_and_as_identity():
    inputs = draw(non_local, {"batch": 2}, dtype=DOUBLE)

    def conv(name):
        return F.conv2d(inputs["x"], inputs[name][:, :, None, None]).flatten(2).mT

    q, k, v = (conv(name) for name in ("query_weight", "key_weight", "value_weight"))
    gathered = F.scaled_dot_product_attention(q, k, v, scale=1.0) @ inputs["output_weight"].T
    output, weights = non_local(**inputs)
    torch.testing.assert_close(output, inputs["x"] + gathered.mT.reshape(2, 8, 4, 4))
    torch.testing.assert_close(weights, (q @ k.mT).softmax(-1))
    inputs["output_weight"] = torch.zeros_like(inputs["output_weight"])
    assert torch.equal(non_local(**inputs)[0], inputs["x"])


def test_cutting_and_projecting_is_a_strided_convolution():
    image = torch.randn(2, 3, 8, 12, dtype=DOUBLE)
    kernel = torch.randn(5, 3, 4, 4, dtype=DOUBLE)
    expected = F.conv2d(image, kernel, stride=4).flatten(2).mT
    torch.testing.assert_close(cut(image, 4) @ kernel.flatten(1).T, expected)
    with pytest.raises(ValueError, match="8 x 12 has no whole patches of 5"):
        cut(image, 5)


def test_vit_agrees_with_torch():
    inputs = draw(vit_patch, {"batch": 2, "height": 8, "width": 12}, dtype=DOUBLE)
    output, weights = vit_patch(**inputs)
    layer = torch.nn.MultiheadAttention(32, 4, bias=False, batch_first=True, dtype=DOUBLE)
    with torch.no_grad():
        layer.in_proj_weight.copy_(inputs["qkv_weight"])
        layer.out_proj.weight.copy_(inputs["output_weight"])
    patches = cut(inputs["image"], 4) @ inputs["patch_weight"].T
    tokens = torch.cat([inputs["class_token"].expand(2, 1, 32), patches], 1) + inputs["positions"]
    expected, expected_weights = layer(tokens, tokens, tokens, average_attn_weights=False)
    torch.testing.assert_close(output, expected)
    torch.testing.assert_close(weights, expected_weights)
    assert output.shape[1] == 1 + 2 * 3


IMAGES = st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 4)).flatmap(
    lambda s: st.tuples(
        st.just(s[0] * s[2]), st.just(s[1] * s[2]), st.just(s[2]), st.integers(0, s[2] - 1)
    )
)


@given(IMAGES)
@settings(max_examples=30, deadline=None)
def test_windows_one_by_one_equal_the_masked_form(image):
    height, width, _, _ = image
    inputs = qkv(height * width)
    expected, _ = shifted_window(*inputs, *image)
    torch.testing.assert_close(by_windows(*inputs, *image), expected)


@given(IMAGES)
@settings(max_examples=30, deadline=None)
def test_regions_are_the_windows_of_a_shifted_grid(image):
    height, width, window, shift = image
    label = regions(height, width, window, shift)
    # Without rolling: borders of the shifted grid cut each axis into pieces.
    row, column = (
        torch.tensor(
            [
                (place + window - shift) // window if shift else place // window
                for place in range(size)
            ]
        )
        for size in (height, width)
    )
    same = (row[:, None] == row)[:, None, :, None] & (column[:, None] == column)[None, :, None, :]
    flat = label.flatten()
    assert torch.equal(flat[:, None] == flat, same.reshape(height * width, height * width))


def test_one_window_without_shift_is_full_attention():
    inputs = qkv(9)
    expected = F.scaled_dot_product_attention(*inputs)
    torch.testing.assert_close(shifted_window(*inputs, 3, 3, 3, 0)[0], expected)


def test_impossible_windows_are_named():
    inputs = qkv(16)
    with pytest.raises(ValueError, match="4 x 4 has no whole windows of 3"):
        shifted_window(*inputs, 4, 4, 3, 0)
    with pytest.raises(ValueError, match=r"0\.\.1, got 2"):
        shifted_window(*inputs, 4, 4, 2, 2)


@given(st.integers(3, 7), st.sampled_from([1, 3]))
@settings(max_examples=20, deadline=None)
def test_each_place_has_its_kernel_nearest(size, kernel):
    mask = near(size, kernel)
    assert (mask.sum(-1) == kernel).all()
    for i in range(size):
        nearest = sorted(range(size), key=lambda j: abs(j - i))[:kernel]
        furthest = max(abs(j - i) for j in nearest)
        assert max(abs(j - i) for j in mask[i].nonzero().flatten().tolist()) == furthest


def test_neighbourhood_by_loops():
    query, key, value = qkv(20)
    output, weights = neighbourhood(query, key, value, 4, 5, 3)
    for row in range(4):
        for column in range(5):
            top, left = min(max(row - 1, 0), 1), min(max(column - 1, 0), 2)
            keys = [r * 5 + c for r in range(top, top + 3) for c in range(left, left + 3)]
            at = row * 5 + column
            expected = F.scaled_dot_product_attention(
                query[..., at, None, :], key[..., keys, :], value[..., keys, :]
            )
            torch.testing.assert_close(output[..., at, None, :], expected)
    assert ((weights > 0).sum(-1) == 9).all()


def test_the_largest_kernel_is_full_attention_and_others_are_named():
    inputs = qkv(9)
    expected = F.scaled_dot_product_attention(*inputs)
    torch.testing.assert_close(neighbourhood(*inputs, 3, 3, 3)[0], expected)
    for kernel in (2, 5, -1):
        with pytest.raises(ValueError, match=f"at most 3, got {kernel}"):
            neighbourhood(*inputs, 3, 3, kernel)


def bilinear(image, x, y):
    """The value of a (C, H, W) image at pixel coordinates, zero outside."""
    total = torch.zeros(image.shape[0], dtype=DOUBLE)
    left, top = int(torch.floor(x)), int(torch.floor(y))
    for j in (left, left + 1):
        for i in (top, top + 1):
            if 0 <= i < image.shape[1] and 0 <= j < image.shape[2]:
                total += (1 - (x - j).abs()) * (1 - (y - i).abs()) * image[:, i, j]
    return total


def test_deformable_by_loops():
    sizes = {"batch": 2, "queries": 3, "model": 8, "num_heads": 2, "points": 3}
    inputs = draw(deformable, sizes, dtype=DOUBLE)
    output, weights = deformable(**inputs, num_heads=2, points=3)
    for b in range(2):
        values = torch.einsum("oc,chw->ohw", inputs["value_weight"], inputs["image"][b])
        for q in range(3):
            query = inputs["query"][b, q]
            offsets = (inputs["offset_weight"] @ query).reshape(2, 3, 2)
            share = (inputs["score_weight"] @ query).reshape(2, 3).softmax(-1)
            torch.testing.assert_close(weights[b, :, q], share)
            x = inputs["reference"][b, q, 0] * 8 - 0.5 + offsets[..., 0]  # pixel centres at .5
            y = inputs["reference"][b, q, 1] * 6 - 0.5 + offsets[..., 1]
            looked = torch.cat(
                [
                    sum(
                        share[h, p] * bilinear(values[4 * h : 4 * h + 4], x[h, p], y[h, p])
                        for p in range(3)
                    )
                    for h in range(2)
                ]
            )
            torch.testing.assert_close(output[b, q], inputs["output_weight"] @ looked)


def test_deformable_records_where_it_looks_and_names_uneven_heads():
    inputs = draw(deformable)
    inputs["offset_weight"].zero_()
    with record() as stages:
        deformable(**inputs)
    expected = inputs["reference"][:, None, :, None].expand(1, 4, 8, 4, 2)
    torch.testing.assert_close(stages["locations"], expected)
    uneven = draw(deformable, {"num_heads": 3})
    with pytest.raises(ValueError, match="32 features cannot be split into 3 heads"):
        deformable(**uneven, num_heads=3)


def test_axial_by_loops():
    query, key, value = torch.randn(3, 2, 4, 5, 3, dtype=DOUBLE).unbind()
    output, weights = axial(query, key, value)
    columns = torch.stack(
        [
            F.scaled_dot_product_attention(query[:, :, c], key[:, :, c], value[:, :, c])
            for c in range(5)
        ],
        dim=2,
    )
    for row in range(4):
        expected = F.scaled_dot_product_attention(query[:, row], key[:, row], columns[:, row])
        torch.testing.assert_close(output[:, row], expected)
    assert weights.shape == (2, 4, 5, 5)


def test_two_axes_reach_every_patch():
    query, key, value = torch.randn(3, 4, 5, 3, dtype=DOUBLE).unbind()
    value.requires_grad_()
    axial(query, key, value)[0][2, 3].sum().backward()
    assert (value.grad.abs().sum(-1) > 0).all()


def test_slots_by_loops():
    inputs = draw(slot_attention, {"batch": 2, "keys": 6}, dtype=DOUBLE)
    output, weights = slot_attention(**inputs, steps=2)
    for b in range(2):
        slots, x = inputs["slots"][b], inputs["x"][b]
        k, v = x @ inputs["key_weight"].T, x @ inputs["value_weight"].T
        for _ in range(2):
            q = slots @ inputs["query_weight"].T
            shares = torch.stack([(q @ k[j] / 4).softmax(0) for j in range(6)], dim=1)
            means = shares / shares.sum(1, keepdim=True)
            slots = means @ v
        torch.testing.assert_close(output[b], slots, rtol=1e-6, atol=1e-6)
        torch.testing.assert_close(weights[b], means, rtol=1e-6, atol=1e-6)
    with pytest.raises(ValueError, match="got 0"):
        slot_attention(**inputs, steps=0)


def test_slots_compete_for_inputs_and_follow_their_order():
    inputs = draw(slot_attention, {"keys": 9}, dtype=DOUBLE)
    with record() as stages:
        output, _ = slot_attention(**inputs)
    torch.testing.assert_close(stages["shares"].sum(-2), torch.ones(1, 9, dtype=DOUBLE))
    order = torch.tensor([2, 0, 1])
    inputs["slots"] = inputs["slots"][:, order]
    torch.testing.assert_close(slot_attention(**inputs)[0], output[:, order])
    inputs["x"] = inputs["x"].flip(1)
    torch.testing.assert_close(slot_attention(**inputs)[0], output[:, order])
