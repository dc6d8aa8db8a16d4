"""What flash attention must do: one tile, many tiles, causal tiles, and its memory."""

from typing import Any

import torch

from grader.kit import Trial

ENTRY = "flash_attention"
NAMES = ("output", "logsumexp")
SECONDS = 30
DOUBLE = torch.float64


def draw(
    trial: Trial, lengths: tuple[int, int] = (7, 9), widths: tuple[int, int] = (5, 3)
) -> list[torch.Tensor]:
    """Query, key and value of (2, 3, ·, ·)."""
    (queries, keys), (dim, value_dim) = lengths, widths
    shapes = ((queries, dim), (keys, dim), (keys, value_dim))
    return [trial.randn(2, 3, *shape) for shape in shapes]


def hold(trial: Trial, *inputs: Any, gradients: bool = False) -> None:
    trial.function().compare(*inputs, gradients=gradients, names=NAMES)


def part(trial: Trial, index: int, *inputs: Any) -> Any:
    """One of the submission's two results, once it has the right shape."""
    got, wanted = trial.function().candidate(*inputs), trial.function().reference(*inputs)
    pair = isinstance(got, tuple) and len(got) == 2
    if not pair or getattr(got[index], "shape", None) != wanted[index].shape:
        hold(trial, *inputs)
        trial.fail("The shape of the result changes.", "两次调用的结果形状不同。")
    return got[index]


def example_two_blocks(trial: Trial) -> None:
    """One query, two keys, blocks of one key: the second block raises the maximum.

    一个查询、两个键，每块一个键：第二块抬高了最大值。
    """
    key = torch.tensor([0.0, 1.0], dtype=DOUBLE).view(1, 1, 2, 1)
    query = torch.ones(1, 1, 1, 1, dtype=DOUBLE)
    value = torch.tensor([1.0, 2.0], dtype=DOUBLE).view(1, 1, 2, 1)
    trial.function().show(query=query, key=key, value=value, block_size=1)


def check_output_of_one_tile(trial: Trial) -> None:
    """With one tile the output is that of ordinary attention, scale 1/sqrt(D) included.

    只有一块时，输出与普通注意力相同，包括缩放 1/sqrt(D)。
    """
    for lengths, widths in (((4, 6), (5, 3)), ((6, 4), (2, 7))):
        inputs = [*draw(trial, lengths, widths), 16]
        expected = trial.function().reference(*inputs)[0]
        trial.equal(part(trial, 0, *inputs), expected, "output")


def check_logsumexp_of_one_tile(trial: Trial) -> None:
    """logsumexp is the natural logarithm of the sum of exp(scaled score), one per query.

    logsumexp 是对缩放后的分数求 exp 之和再取自然对数，每个查询一个。
    """
    inputs = [*draw(trial, (4, 6)), 16]
    expected = trial.function().reference(*inputs)[1]
    trial.equal(part(trial, 1, *inputs), expected, "logsumexp")


def check_tiles_of_equal_maximum(trial: Trial) -> None:
    """The sums of all key tiles add up: equal scores give the mean of all values.

    各键块的和要相加：分数全相等时，输出是所有值的平均。
    """
    query, key, value = draw(trial, (4, 8))
    hold(trial, torch.zeros_like(query), key, value, 4)


def check_tiles_rescaled(trial: Trial) -> None:
    """When a later tile raises the maximum, the sum and the output so far are both rescaled.

    后面的块抬高最大值时，已有的和与输出都要修正。
    """
    query, key, value = draw(trial, (2, 8))
    for slope in (1.0, -1.0):
        # The scores rise, or fall, from tile to tile.
        ramp = slope * torch.arange(8, dtype=DOUBLE).view(8, 1)
        hold(trial, torch.ones_like(query), key * 0.1 + ramp, value, 4)
        hold(trial, torch.ones_like(query), key * 0.1 + ramp, value, 2)


def check_query_tiles(trial: Trial) -> None:
    """Every tile of queries starts afresh and keeps its place.

    每个查询块从头开始，并保持自己的位置。
    """
    hold(trial, *draw(trial, (12, 4)), 4)
    hold(trial, *draw(trial, (8, 12)), 4)


def check_block_size_does_not_divide(trial: Trial) -> None:
    """Lengths need not be multiples of the block size; the last tiles are shorter.

    长度不必是块大小的整数倍；最后的块可以更短。
    """
    for lengths, block in (((7, 9), 4), ((9, 7), 2), ((5, 5), 3), ((3, 4), 1), ((1, 7), 5)):
        hold(trial, *draw(trial, lengths), block)


def check_gradients(trial: Trial) -> None:
    """Output and logsumexp are differentiable in query, key and value.

    输出与 logsumexp 对 query、key、value 都可微。
    """
    trial.function().compare(*draw(trial, (5, 7)), 3, names=NAMES, dtypes=(DOUBLE,))


def check_causal_tiles(trial: Trial) -> None:
    """Causal: query i sees keys 0 to i, counted over the whole sequence and not within a tile.

    因果：第 i 个查询能看到第 0 到 i 个键，按整个序列而不是块内的下标计算。
    """
    for length, block in ((8, 8), (8, 4), (9, 4), (7, 2), (6, 1)):
        hold(trial, *draw(trial, (length, length)), block, True)


def check_causal_bottom_right(trial: Trial) -> None:
    """Causal with more keys than queries: the queries are the last positions.

    键多于查询的因果情形：查询对应最后若干位置。
    """
    for lengths, block in (((4, 8), 4), ((3, 8), 2), ((1, 7), 3)):
        hold(trial, *draw(trial, lengths), block, True)


def check_query_without_keys(trial: Trial) -> None:
    """Causal with more queries than keys: the first ones get zeros and a logsumexp of −inf.

    查询多于键的因果情形：最前面的查询输出为零，logsumexp 为 −inf。
    """
    for lengths, block in (((8, 3), 2), ((7, 1), 4)):
        hold(trial, *draw(trial, lengths), block, True)


def check_causal_gradients(trial: Trial) -> None:
    """Causal gradients are right, and a query without keys passes none.

    因果情形的梯度正确；没有键可看的查询不传递梯度。
    """
    for lengths in ((6, 6), (4, 7), (7, 3)):
        trial.function().compare(*draw(trial, lengths), 3, True, names=NAMES, dtypes=(DOUBLE,))


def check_large_logits(trial: Trial) -> None:
    """Scores of ten thousand, positive or negative, give finite, right results.

    分数达到正负一万时结果有限且正确。
    """
    # With D = 16 the scale is exact, so whole numbers are not rounded in float32.
    query, key = (trial.randint(75, 100, (2, 2, n, 16)).double() for n in (5, 7))
    value = trial.randn(2, 2, 7, 3)
    for sign in (1, -1):
        for causal in (False, True):
            inputs = (sign * query * 0.5, key, value, 3, causal)
            trial.function().compare(*inputs, names=NAMES, logits=1e4)


def check_memory(trial: Trial) -> None:
    """No matrix of all scores is ever built: the memory of a call grows with the length only.

    从不构造完整的分数矩阵：一次调用的内存只随长度线性增长。
    """
    length = 4096  # a float32 matrix of all scores takes 64 MiB
    inputs = [trial.randn(1, 1, length, 8).float() for _ in range(3)]
    for causal in (False, True):
        trial.function().memory_below(22 << 20, *inputs, 128, causal)
