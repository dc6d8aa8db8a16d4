"""Learned and hashed choices of keys: which are chosen, and exactness on the chosen ones."""

import pytest
import torch
import torch.nn.functional as F

from attention.causal import causal_mask
from attention.inputs import draw
from attention.lightning_indexer import index_scores, lightning_indexer
from attention.moba import moba, routed
from attention.native_sparse import chosen_blocks, compress, native_sparse
from attention.reformer import buckets, lsh_mask, reformer
from attention.sliding_window import sliding_window
from attention.stages import record

DOUBLE = torch.float64


def attend(query, key, value, keys):
    """One query over a list of positions."""
    if not keys:
        return torch.zeros_like(value[0])
    return F.scaled_dot_product_attention(query[None], key[keys], value[keys])[0]


@pytest.mark.parametrize("length", [16, 14])
def test_native_sparse_by_its_three_branches(length):
    inputs = draw(native_sparse, {"length": length}, dtype=DOUBLE)
    output, _ = native_sparse(**inputs, selected=2, window=3)
    query, key, value = (inputs[name][0] for name in ("query", "key", "value"))
    for t in range(length):
        done = (t + 1) // 4
        coarse_keys, coarse_values = (
            torch.stack(
                [sum(w[p] @ x[4 * b + p] for p in range(4)) for b in range(done)]
                or [torch.zeros(16, dtype=DOUBLE)]
            )
            for x, w in ((key, inputs["key_map_weight"]), (value, inputs["value_map_weight"]))
        )
        coarse = attend(query[t], coarse_keys, coarse_values, list(range(done)))
        ranked = (coarse_keys @ query[t])[:done].argsort(descending=True).tolist()
        blocks = {t // 4, *[b for b in ranked if b != t // 4][:1]}
        fine = attend(query[t], key, value, [j for j in range(t + 1) if j // 4 in blocks])
        near = attend(query[t], key, value, list(range(max(0, t - 2), t + 1)))
        gates = inputs["gate"][0, t].sigmoid()
        expected = gates[0] * coarse + gates[1] * fine + gates[2] * near
        torch.testing.assert_close(output[0, t], expected)


def test_native_sparse_with_one_gate_open_is_that_branch():
    inputs = draw(native_sparse, {"length": 12}, dtype=DOUBLE)
    inputs["gate"] = torch.tensor([-200.0, -200.0, 200.0], dtype=DOUBLE).expand(1, 12, 3)
    query, key, value = (inputs[name] for name in ("query", "key", "value"))
    expected, _ = sliding_window(query, key, value, 5)
    torch.testing.assert_close(native_sparse(**inputs, window=5)[0], expected)
    inputs["gate"] = inputs["gate"].roll(-1, -1)
    everything = F.scaled_dot_product_attention(query, key, value, is_causal=True)
    torch.testing.assert_close(native_sparse(**inputs, selected=9)[0], everything)
    with pytest.raises(ValueError, match="got 0"):
        native_sparse(**inputs, selected=0)


def test_native_sparse_records_its_branches():
    with record() as stages:
        native_sparse(**draw(native_sparse))
    assert [name for name in stages if name.endswith("weights")] == [
        "compressed weights",
        "selected weights",
        "window weights",
    ]


def test_compress_and_choose_by_hand():
    weight = torch.stack([torch.eye(1), 10 * torch.eye(1)])
    x = torch.tensor([[1.0], [2.0], [3.0], [4.0], [5.0]])
    assert compress(x, weight).flatten().tolist() == [21, 43]
    importance = torch.tensor([[0.0, 0], [0, 0], [1, 0], [1, 0], [0.3, 0.7]])
    assert chosen_blocks(importance, 2, 2).int().tolist() == [
        [1, 1, 0],
        [1, 1, 0],
        [1, 1, 0],
        [1, 1, 0],
        [0, 1, 1],
    ]


def test_moba_by_loops():
    query, key, value = torch.randn(3, 12, 4, dtype=DOUBLE).unbind()
    output, weights = moba(query, key, value, block_size=3, top_blocks=2)
    means = key.reshape(4, 3, 4).mean(1)
    for t in range(12):
        earlier = sorted(range(t // 3), key=lambda b: -(means[b] @ query[t]).item())
        blocks = {t // 3, *earlier[:1]}
        keys = [j for j in range(t + 1) if j // 3 in blocks]
        torch.testing.assert_close(output[t], attend(query[t], key, value, keys))
        assert (weights[t] > 0).nonzero().flatten().tolist() == keys


def test_moba_of_all_blocks_is_causal_attention():
    inputs = torch.randn(3, 2, 12, 4, dtype=DOUBLE).unbind()
    expected = F.scaled_dot_product_attention(*inputs, is_causal=True)
    torch.testing.assert_close(moba(*inputs, 3, 4)[0], expected)
    assert not routed(torch.randn(12, 4), 3, 4)[:3, 1:].any()
    with pytest.raises(ValueError, match="12 positions do not make blocks of 5"):
        moba(*inputs, 5)
    with pytest.raises(ValueError, match="got 0"):
        moba(*inputs, 3, 0)


def test_reformer_buckets_and_mask_by_hand():
    # One rotation that reads the first feature: bucket 0 for positive, 1 for negative.
    x = torch.tensor([[2.0, 5.0], [-1.0, 5.0], [0.5, -5.0]])
    hashed = buckets(x, torch.tensor([[[1.0], [0.0]]]))
    assert hashed.flatten().tolist() == [0, 1, 0]
    assert torch.equal(hashed, buckets(7 * x, torch.tensor([[[1.0], [0.0]]])))
    assert lsh_mask(hashed).int().tolist() == [[0, 0, 1], [0, 1, 0], [1, 0, 0]]


def test_reformer_attends_within_buckets():
    inputs = draw(reformer, {"length": 10}, dtype=DOUBLE)
    output, weights = reformer(**inputs)
    hashed = buckets(inputs["query"], inputs["rotations"])[0]
    query, value = inputs["query"][0], inputs["value"][0]
    key = query / query.norm(dim=-1, keepdim=True)
    for i in range(10):
        keys = [j for j in range(10) if j != i and (hashed[i] == hashed[j]).any()] or [i]
        torch.testing.assert_close(output[0, i], attend(query[i], key, value, keys))
        assert weights[0, i].nonzero().flatten().tolist() == keys


def test_near_vectors_share_buckets_more_often():
    generator = torch.Generator().manual_seed(0)
    x, noise = torch.randn(2, 2000, 16, generator=generator)
    rotations = torch.randn(1, 16, 4, generator=generator)
    shared = [
        (buckets(x, rotations) == buckets(x + size * noise, rotations)).float().mean()
        for size in (0.1, 0.5, 3.0)
    ]
    assert shared[0] > 0.85 > shared[1] > 0.5 > shared[2]


def test_indexer_scores_and_choice_by_loops():
    inputs = draw(lightning_indexer, {"length": 7}, dtype=DOUBLE)
    scores = index_scores(inputs["index_query"], inputs["index_key"], inputs["index_gate"])
    output, weights = lightning_indexer(**inputs, k=3)
    for t in range(7):
        own = [
            sum(
                inputs["index_gate"][0, t, j]
                * max(inputs["index_query"][0, j, t] @ inputs["index_key"][0, s], 0.0)
                for j in range(2)
            )
            for s in range(7)
        ]
        torch.testing.assert_close(scores[0, t], torch.stack([torch.as_tensor(o) for o in own]))
        keys = sorted(sorted(range(t + 1), key=lambda s: -float(own[s]))[:3])
        for head in range(4):
            query, key, value = (inputs[n][0, head] for n in ("query", "key", "value"))
            torch.testing.assert_close(output[0, head, t], attend(query[t], key, value, keys))
    assert (weights[:, :, ~causal_mask(7, 7)] == 0).all()
