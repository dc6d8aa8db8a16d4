"""What the biases of ALiBi must be: form, sign, future, slopes, then unequal lengths."""

from typing import Any

import torch

from grader.kit import Trial

ENTRY = "alibi_bias"
INF = float("inf")
ROUNDING = 2e-5  # slopes of up to 1 in float32, times distances of up to 20


def bias_of(trial: Trial, heads: int, queries: int, keys: int) -> Any:
    """The submission's biases, once they have the right shape."""
    bias = trial.function().candidate(heads, queries, keys)
    shape = tuple(getattr(bias, "shape", ()))
    if shape != (heads, queries, keys):
        trial.fail(
            f"The bias for ({heads}, {queries}, {keys}) has shape {shape}.",
            f"({heads}, {queries}, {keys}) 的偏置形状为 {shape}。",
        )
    return bias


def hold(trial: Trial, heads: int, queries: int, keys: int, tolerance: float = ROUNDING) -> None:
    trial.function().compare(
        heads, queries, keys, gradients=False, dtypes=(torch.float32,), tolerance=tolerance
    )


def past(bias: torch.Tensor) -> torch.Tensor:
    """(H, L) from (H, L, L): the biases of the last query, by distance."""
    return bias[:, -1].flip(-1).float()


def example_two_heads(trial: Trial) -> None:
    """Two heads, three positions: the slopes are 1/16 and 1/256.

    两个头、三个位置：斜率为 1/16 和 1/256。
    """
    trial.function().show(num_heads=2, query_length=3, key_length=3)


def example_with_cache(trial: Trial) -> None:
    """One new query after three cached keys: it is the last of four positions.

    缓存中已有三个键，又来一个新查询：它位于四个位置的最后。
    """
    trial.function().show(num_heads=1, query_length=1, key_length=4)


def check_shape(trial: Trial) -> None:
    """The bias has shape (num_heads, query_length, key_length): one matrix per head, no batch.

    偏置形状为 (num_heads, query_length, key_length)：每个头一个矩阵，没有批次维。
    """
    for heads, queries, keys in trial.sizes((2, 3, 3), (4, 2, 5), (3, 5, 2), (1, 1, 1)):
        bias_of(trial, heads, queries, keys)


def check_float32(trial: Trial) -> None:
    """The bias is float32.

    偏置是 float32。
    """
    bias = bias_of(trial, 8, 3, 3)
    if bias.dtype != torch.float32:
        trial.fail(
            f"The bias has dtype {bias.dtype}, expected torch.float32.",
            f"偏置的 dtype 为 {bias.dtype}，应为 torch.float32。",
        )


def check_query_itself(trial: Trial) -> None:
    """A query pays nothing to see itself: the diagonal is 0.

    查询看自己没有代价：对角线为 0。
    """
    size = trial.integer(3, 8)
    diagonal = bias_of(trial, 4, size, size).diagonal(dim1=-2, dim2=-1).float()
    trial.equal(diagonal, torch.zeros(4, size), ("diagonal", "对角线"), tolerance=ROUNDING)


def check_future(trial: Trial) -> None:
    """Future keys get exactly −inf, in every head.

    未来的键恰好是 −inf，每个头都如此。
    """
    size = trial.integer(4, 8)
    bias = bias_of(trial, 3, size, size)
    future = torch.ones(size, size, dtype=torch.bool).triu(1)
    later = bias[:, future].float()
    trial.equal(later, torch.full_like(later, -INF), ("bias of future keys", "未来键的偏置"))
    if not bias[:, ~future].isfinite().all():
        trial.fail(
            "A key that is not in the future has an infinite bias.", "非未来的键偏置为无穷。"
        )


def check_sign(trial: Trial) -> None:
    """The bias is a penalty: below zero for the past, and lower the farther back.

    偏置是惩罚：过去的键为负，越远越低。
    """
    for heads in (1, 4):
        steps = past(bias_of(trial, heads, 6, 6)).diff(dim=-1)
        if not (steps < 0).all():
            trial.fail(
                "Going back one more key does not lower the bias.",
                "再往前一个键，偏置没有变低。",
            )


def check_linear(trial: Trial) -> None:
    """The bias is linear in the distance: n tokens back costs n times the slope.

    偏置与距离成正比：往前 n 个词元，代价是斜率的 n 倍。
    """
    for heads in (2, 8):
        bias = past(bias_of(trial, heads, 9, 9))
        lines = bias[:, 1:2] * torch.arange(9)
        trial.equal(bias, lines, ("bias by distance", "各距离的偏置"), tolerance=ROUNDING)


def check_slopes_of_eight_heads(trial: Trial) -> None:
    """Eight heads have the slopes 1/2, 1/4, …, 1/256, in this order.

    八个头的斜率依次为 1/2、1/4、……、1/256。
    """
    hold(trial, 8, 4, 4)


def check_slopes_of_other_powers(trial: Trial) -> None:
    """For n heads the slopes start at 2^(−8/n), and that is their ratio too; they end at 1/256.

    n 个头的斜率从 2^(−8/n) 开始，公比也是 2^(−8/n)，最后为 1/256。
    """
    for heads in (1, 2, 4, 16, 32, 64):
        hold(trial, heads, 3, 3)


def check_any_number_of_heads(trial: Trial) -> None:
    """The same formula holds for any number of heads, not powers of two alone.

    同一公式适用于任意头数，不限于 2 的幂。
    """
    for heads in (3, 5, 6, 12, 20):
        hold(trial, heads, 3, 3)


def check_single_new_token(trial: Trial) -> None:
    """A single new query after a cache is the last position: no key is in its future.

    缓存之后的单个新查询位于最后：没有键属于它的未来。
    """
    for heads, keys in ((4, 2), (4, 7), (1, 7)):
        hold(trial, heads, 1, keys)


def check_more_keys_than_queries(trial: Trial) -> None:
    """With more keys than queries the queries are the last positions.

    键多于查询时，查询对应最后若干位置。
    """
    for queries, keys in ((2, 5), (3, 4), (4, trial.integer(7, 12))):
        hold(trial, 4, queries, keys)


def check_more_queries_than_keys(trial: Trial) -> None:
    """With more queries than keys the first ones see nothing: their whole rows are −inf.

    查询多于键时，最前面的查询什么也看不到：整行都是 −inf。
    """
    for queries, keys in ((5, 2), (4, 3), (3, 1)):
        hold(trial, 4, queries, keys)


def check_far_keys(trial: Trial) -> None:
    """Distances of thousands are exact: nothing is computed in half precision.

    距离上千时依然精确：不以半精度计算。
    """
    hold(trial, 8, 1, 3000, tolerance=3e-3)
    hold(trial, 12, 60, 600, tolerance=1e-3)
    hold(trial, 5, 3, 2000, tolerance=3e-3)
