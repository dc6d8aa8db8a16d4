"""What sliding-window attention must do: who sees whom, the weights, the edges, the memory."""

from typing import Any

import torch

from grader.kit import Trial

ENTRY = "sliding_window_attention"
SECONDS = 30
DOUBLE = torch.float64


def draw(
    trial: Trial, lengths: tuple[int, int] = (9, 9), widths: tuple[int, int] = (5, 3)
) -> list[torch.Tensor]:
    """Query, key and value of (2, 3, ·, ·)."""
    (queries, keys), (dim, value_dim) = lengths, widths
    shapes = ((queries, dim), (keys, dim), (keys, value_dim))
    return [trial.randn(2, 3, *shape) for shape in shapes]


def changed_rows(trial: Trial, length: int, window: int, position: int) -> Any:
    """Which outputs change when the key and value at `position` change."""
    query, key, value = draw(trial, (length, length))
    before = trial.function().candidate(query, key, value, window)
    if tuple(getattr(before, "shape", ())) != (2, 3, length, 3):
        trial.function().compare(query, key, value, window, gradients=False)
    key[..., position, :] += 1
    value[..., position, :] += 1
    after = trial.function().candidate(query, key, value, window)
    return (after - before).abs().amax(dim=(0, 1, 3)) > 1e-9


def example_window_of_two(trial: Trial) -> None:
    """Four tokens, window 2, equal scores: each output is the mean of itself and the one before.

    四个词元、窗口为 2、分数相等：每个输出是自己与前一个的平均。
    """
    zero = torch.zeros(1, 1, 4, 1, dtype=DOUBLE)
    value = torch.arange(1.0, 5.0, dtype=DOUBLE).view(1, 1, 4, 1)
    trial.function().show(query=zero, key=zero, value=value, window=2)


def check_window_of_one(trial: Trial) -> None:
    """With a window of one a query sees itself alone: the output is the value.

    窗口为 1 时查询只看到自己：输出就是值。
    """
    trial.function().compare(*draw(trial), 1, gradients=False)


def check_causal(trial: Trial) -> None:
    """No query sees a later position.

    任何查询都看不到后面的位置。
    """
    rows = changed_rows(trial, 9, 3, 5)
    trial.equal(
        rows[:5],
        torch.zeros(5, dtype=torch.bool),
        ("outputs before the changed position", "改动位置之前的输出"),
    )


def check_window_reaches_back(trial: Trial) -> None:
    """A query sees the window − 1 positions before it, across any internal blocks.

    查询能看到自己之前的 window − 1 个位置，不受内部分块的影响。
    """
    for position in range(3, 7):
        rows = changed_rows(trial, 12, 4, position)
        if not rows[position : position + 4].all():
            trial.fail(
                f"With window 4, position {position} must be seen by queries {position} to "
                f"{position + 3}.",
                f"窗口为 4 时，位置 {position} 应被查询 {position} 到 {position + 3} 看到。",
            )


def check_window_ends(trial: Trial) -> None:
    """A query sees nothing further back than window − 1 positions.

    查询看不到比 window − 1 更早的位置。
    """
    for window in (2, 3, 5):
        rows = changed_rows(trial, 11, window, 2)
        late = rows[2 + window :]
        trial.equal(
            late,
            torch.zeros_like(late),
            (f"outputs beyond window {window}", f"窗口 {window} 之外的输出"),
        )


def check_start_of_the_sequence(trial: Trial) -> None:
    """The first queries have fewer keys: what lies before the sequence gets no weight.

    最前面的查询键更少：序列之前的位置不占权重。
    """
    query, key, value = draw(trial, (4, 4))
    zero = torch.zeros_like(query)
    trial.function().compare(zero, key, value, 4, gradients=False)
    trial.function().compare(zero, key, value, 9, gradients=False)


def check_scale(trial: Trial) -> None:
    """The scores are divided by the square root of the head dimension.

    分数要除以 head_dim 的平方根。
    """
    for widths in ((5, 3), (2, 7)):
        trial.function().compare(*draw(trial, (6, 6), widths), 6, gradients=False)


def check_values(trial: Trial) -> None:
    """The output agrees with masked attention for any length and window.

    对任意长度与窗口，输出都与加掩码的注意力一致。
    """
    for length, window in ((9, 2), (12, 4), (7, 3), (5, 20), (1, 3), (300, 100), (300, 7)):
        trial.function().compare(*draw(trial, (length, length)), window, gradients=False)


def check_gradients(trial: Trial) -> None:
    """The gradients of query, key and value are right.

    query、key、value 的梯度正确。
    """
    for length, window in ((9, 3), (4, 6)):
        trial.function().compare(*draw(trial, (length, length)), window, dtypes=(DOUBLE,))


def check_more_keys_than_queries(trial: Trial) -> None:
    """With more keys than queries the queries are the last positions.

    键多于查询时，查询对应最后若干位置。
    """
    for lengths, window in (((3, 8), 3), ((1, 6), 4), ((5, 7), 2)):
        trial.function().compare(*draw(trial, lengths), window, gradients=False)


def check_queries_without_keys(trial: Trial) -> None:
    """With more queries than keys the first ones see nothing: zeros, no gradient, never NaN.

    查询多于键时，最前面的查询什么也看不到：输出零，不传梯度，绝不是 NaN。
    """
    trial.function().compare(*draw(trial, (8, 3)), 3)
    trial.function().compare(*draw(trial, (6, 5)), 2)


def check_large_logits(trial: Trial) -> None:
    """Scores of ten thousand, positive or negative, give finite, right results.

    分数达到正负一万时结果有限且正确。
    """
    # With D = 16 the scale is exact, so whole numbers are not rounded in float32.
    query, key = (trial.randint(55, 75, (2, 2, 7, 16)).double() for _ in range(2))
    for sign in (1, -1):
        trial.function().compare(sign * query, key, trial.randn(2, 2, 7, 3), 3, logits=1e4)


def check_memory(trial: Trial) -> None:
    """Memory grows as length × window: no matrix of all pairs, not even of booleans.

    内存按 长度 × 窗口 增长：不构造任何 长度 × 长度 的矩阵，布尔的也不行。
    """
    length = 6000  # all pairs: 137 MiB as float32, 34 MiB as booleans
    inputs = [trial.randn(1, 1, length, 8).float() for _ in range(3)]
    trial.function().memory_below(30 << 20, *inputs, 16)
