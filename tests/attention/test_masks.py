"""Padding, document, prefix and tree masks, each against what it promises."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from attention.causal import causal_mask
from attention.document import document, document_mask
from attention.padding import padding, padding_mask
from attention.prefix_lm import prefix_lm, prefix_mask
from attention.scaled_dot_product import scaled_dot_product
from attention.tree import tree, tree_mask

DOUBLE = torch.float64


def qkv(*shape):
    return torch.randn(3, *shape, dtype=DOUBLE).unbind()


def test_padding_mask_by_hand():
    mask = padding_mask(torch.tensor([2, 0, 3]), 3)
    assert mask.shape == (3, 1, 1, 3)
    assert mask[:, 0, 0].tolist() == [[True, True, False], [False] * 3, [True] * 3]


def test_padded_batch_gives_what_each_sequence_gives_alone():
    query, key, value = qkv(3, 2, 6, 4)
    lengths = torch.tensor([6, 2, 0])
    output, weights = padding(query, key, value, lengths)
    for b, length in enumerate(lengths.tolist()[:2]):
        alone = F.scaled_dot_product_attention(query[b], key[b, :, :length], value[b, :, :length])
        torch.testing.assert_close(output[b], alone)
    assert (output[2] == 0).all()
    assert (weights[2] == 0).all()


@pytest.mark.parametrize("lengths", [[1, 7], [-1, 2]])
def test_impossible_lengths_are_named(lengths):
    with pytest.raises(ValueError, match=rf"0\.\.6, got \[{lengths[0]}, {lengths[1]}\]"):
        padding_mask(torch.tensor(lengths), 6)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4))
@settings(max_examples=20, deadline=None)
def test_packed_documents_give_what_each_gives_alone(lengths):
    ids = torch.repeat_interleave(torch.arange(len(lengths)), torch.tensor(lengths))
    query, key, value = qkv(2, len(ids), 4)
    output, _ = document(query, key, value, ids)
    start = 0
    for length in lengths:
        part = slice(start, start + length)
        alone = F.scaled_dot_product_attention(
            query[:, part], key[:, part], value[:, part], is_causal=True
        )
        torch.testing.assert_close(output[:, part], alone)
        start += length


def test_document_mask_of_one_document_is_causal():
    assert torch.equal(document_mask(torch.zeros(5, dtype=torch.long)), causal_mask(5, 5))


def test_prefix_mask_by_hand_and_at_its_ends():
    assert prefix_mask(2, 4).tolist() == [
        [True, True, False, False],
        [True, True, False, False],
        [True, True, True, False],
        [True, True, True, True],
    ]
    assert torch.equal(prefix_mask(0, 4), causal_mask(4, 4))
    assert prefix_mask(9, 4).all()
    with pytest.raises(ValueError, match="got -1"):
        prefix_mask(-1, 4)


def test_prefix_sees_itself_and_the_rest_is_causal():
    query, key, value = qkv(2, 6, 4)
    output, _ = prefix_lm(query, key, value, prefix=3)
    inside = F.scaled_dot_product_attention(query[:, :3], key[:, :3], value[:, :3])
    torch.testing.assert_close(output[:, :3], inside)
    after = F.scaled_dot_product_attention(query, key, value, is_causal=True)
    torch.testing.assert_close(output[:, 3:], after[:, 3:])


def test_tree_mask_by_hand():
    #     0     the root, with the children 1 and 2; 3 follows 1
    mask = tree_mask(torch.tensor([-1, 0, 0, 1]))
    assert mask.int().tolist() == [[1, 0, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0], [1, 1, 0, 1]]


@given(st.lists(st.integers(0, 100), min_size=1, max_size=7), st.integers(0, 3))
@settings(max_examples=20, deadline=None)
def test_each_path_of_the_tree_gives_what_it_gives_alone(picks, context):
    parents = [-1, *(pick % (i + 1) for i, pick in enumerate(picks[1:]))]
    nodes = len(parents)
    _, key, value = qkv(2, context + nodes, 4)
    query = torch.randn(2, nodes, 4, dtype=DOUBLE)
    output, _ = tree(query, key, value, torch.tensor(parents))
    for node in range(nodes):
        path, at = [], node
        while at >= 0:
            path.append(context + at)
            at = parents[at]
        keys = [*range(context), *path]
        alone, _ = scaled_dot_product(query[:, node, None], key[:, keys], value[:, keys])
        torch.testing.assert_close(output[:, node, None], alone)


@pytest.mark.parametrize("parents", [[-1, 1], [-2], [0]])
def test_a_node_cannot_come_before_its_parent(parents):
    with pytest.raises(ValueError, match=f"cannot have the parent {parents[-1]}"):
        tree_mask(torch.tensor(parents))


def test_tree_needs_keys_for_its_nodes():
    query, key, value = qkv(2, 3, 4)
    with pytest.raises(ValueError, match="2 keys are fewer than the 3 nodes"):
        tree(query, key[:, :2], value[:, :2], torch.tensor([-1, 0, 0]))
