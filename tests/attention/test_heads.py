"""Grouped and multi-query attention, and the first two attentions, from first principles."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from attention.additive import additive
from attention.grouped_query import grouped_query
from attention.inputs import draw
from attention.multi_query import multi_query
from attention.multiplicative import multiplicative
from attention.scaled_dot_product import scaled_dot_product

DOUBLE = torch.float64


def grouped(heads, kv_heads, queries=5, keys=7):
    query = torch.randn(2, heads, queries, 4, dtype=DOUBLE)
    key, value = torch.randn(2, 2, kv_heads, keys, 4, dtype=DOUBLE).unbind()
    return query, key, value


@pytest.mark.parametrize(("heads", "kv_heads"), [(6, 1), (6, 2), (6, 3), (6, 6)])
def test_grouped_query_agrees_with_torch(heads, kv_heads):
    query, key, value = grouped(heads, kv_heads)
    mask = torch.rand(2, 1, 5, 7) < 0.6
    mask[..., 0] = True
    expected = F.scaled_dot_product_attention(query, key, value, mask, enable_gqa=True)
    torch.testing.assert_close(grouped_query(query, key, value, mask)[0], expected)


@given(st.integers(1, 4), st.integers(1, 4))
@settings(max_examples=15, deadline=None)
def test_query_head_reads_the_head_of_its_group(group, kv_heads):
    query, key, value = grouped(group * kv_heads, kv_heads)
    output, weights = grouped_query(query, key, value)
    for head in range(group * kv_heads):
        of = head // group
        alone, alone_weights = scaled_dot_product(query[:, head], key[:, of], value[:, of])
        torch.testing.assert_close(output[:, head], alone)
        torch.testing.assert_close(weights[:, head], alone_weights)


def test_as_many_heads_is_multi_head_and_one_is_multi_query():
    query, key, value = grouped(4, 4)
    for left, right in zip(
        grouped_query(query, key, value), scaled_dot_product(query, key, value), strict=True
    ):
        torch.testing.assert_close(left, right)
    one = grouped_query(query, key[:, :1], value[:, :1])
    for left, right in zip(one, multi_query(query, key[:, 0], value[:, 0]), strict=True):
        torch.testing.assert_close(left, right)


def test_uneven_groups_are_named():
    with pytest.raises(ValueError, match="6 query heads cannot share 4 key-value heads"):
        grouped_query(*grouped(6, 4))


def test_additive_by_loops():
    given_ = draw(additive, {"batch": 2, "queries": 3, "keys": 4}, dtype=DOUBLE)
    mask = torch.tensor([[True, True, False, True]])
    output, weights = additive(**given_, mask=mask)
    w, u, v = (given_[name] for name in ("query_weight", "key_weight", "score_weight"))
    for b in range(2):
        for i in range(3):
            scores = torch.stack(
                [v @ torch.tanh(w @ given_["query"][b, i] + u @ key) for key in given_["key"][b]]
            )
            scores[2] = -torch.inf
            expected = scores.softmax(0)
            torch.testing.assert_close(weights[b, i], expected)
            torch.testing.assert_close(output[b, i], expected @ given_["value"][b])


def test_multiplicative_scores_are_the_papers():
    given_ = draw(multiplicative, {"batch": 2, "queries": 3, "keys": 4}, dtype=DOUBLE)
    query, key, value = given_["query"], given_["key"], given_["value"]
    dot, _ = multiplicative(**given_, score="dot")
    torch.testing.assert_close(dot, F.scaled_dot_product_attention(query, key, value, scale=1.0))
    _, general = multiplicative(**given_, score="general")
    bilinear = torch.nn.functional.bilinear(
        query[:, :, None].expand(-1, -1, 4, -1).contiguous(),
        key[:, None].expand(-1, 3, -1, -1).contiguous(),
        given_["general_weight"][None],
    )[..., 0]
    torch.testing.assert_close(general, bilinear.softmax(-1))
    _, concat = multiplicative(**given_, score="concat")
    pairs = torch.cat(
        [query[:, :, None].expand(-1, -1, 4, -1), key[:, None].expand(-1, 3, -1, -1)], dim=-1
    )
    hidden = torch.tanh(pairs @ given_["concat_weight"].T)
    torch.testing.assert_close(concat, (hidden @ given_["score_weight"]).softmax(-1))
    with pytest.raises(ValueError, match="got 'cosine'"):
        multiplicative(**given_, score="cosine")


def test_concat_is_additive_attention_with_a_joint_weight():
    given_ = draw(multiplicative, dtype=DOUBLE)
    left, right = given_["concat_weight"].chunk(2, dim=1)
    expected = additive(
        given_["query"], given_["key"], given_["value"], left, right, given_["score_weight"]
    )
    torch.testing.assert_close(multiplicative(**given_, score="concat")[0], expected[0])
