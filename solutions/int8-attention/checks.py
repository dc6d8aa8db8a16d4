"""What int8 attention must do: plain attention on the grid, then scales, rounding, edges."""

import torch

from grader.kit import Trial

ENTRY = "int8_attention"
DOUBLE = torch.float64


def tokens(trial: Trial, *shape: int, most: int = 120) -> torch.Tensor:
    """Tokens (..., L, D) whose largest entry is ±127 steps of their own, and no entry lies near
    half a step, where rounding in another order of operations could turn either way.
    """
    steps = trial.randint(-most, most + 1, shape) + 0.49 * (2 * trial.rand(*shape) - 1)
    peak = trial.randint(0, shape[-1], (*shape[:-1], 1))
    sign = trial.randint(0, 2, (*shape[:-1], 1)).double() * 2 - 1
    steps = steps.scatter(-1, peak, 127 * sign)
    size = (0.5 + trial.rand(*shape[:-1], 1)) * 2  # the token's maximum: 1 to 3
    return (steps * size / 127).float().double()


def draw(
    trial: Trial,
    lengths: tuple[int, int] = (4, 6),
    widths: tuple[int, int] = (5, 3),
    leading: tuple[int, int] = (2, 3),
) -> list[torch.Tensor]:
    """Query, key and value."""
    (queries, keys), (dim, value_dim) = lengths, widths
    return [
        tokens(trial, *leading, queries, dim),
        tokens(trial, *leading, keys, dim),
        trial.randn(*leading, keys, value_dim),
    ]


def exact(trial: Trial, length: int, dim: int, least: int = 0) -> torch.Tensor:
    """Whole steps (2, 3, L, D) with one sign per token; every feature has its 127 somewhere."""
    steps = trial.randint(least, 128, (2, 3, length, dim)).double()
    steps[..., torch.arange(length), torch.arange(length) % dim] = 127.0
    return steps * (trial.randint(0, 2, (2, 3, length, 1)) * 2 - 1)


def halves() -> torch.Tensor:
    """The n + 1/2 below 127 that stay exact through any order of dividing by 127."""
    steps = torch.arange(127) + 0.5
    exact = torch.ones(127, dtype=torch.bool)
    for dtype in (torch.float32, DOUBLE):
        x = steps.to(dtype)
        exact &= (x / 127 * 127 == x) & (x * (1 / torch.tensor(127, dtype=dtype)) * 127 == x)
    return steps[exact].double()


def example_one_token(trial: Trial) -> None:
    """A query on the grid, two keys off it: 63.6 of 127 steps is rounded to 64.

    查询恰在量化网格上，两个键不在：127 步中的 63.6 被舍入为 64。
    """
    query = torch.tensor([[[[127.0, 127.0]]]], dtype=DOUBLE) / 127
    key = torch.tensor([[[[127.0, 63.6], [127.0, -63.6]]]], dtype=DOUBLE) / 127
    value = torch.tensor([[[[1.0], [0.0]]]], dtype=DOUBLE)
    trial.function().show(query=query, key=key, value=value)


def check_values_not_quantised(trial: Trial) -> None:
    """The values stay in full precision: with a single key the output is its value.

    值保持全精度：只有一个键时，输出就是它的值。
    """
    trial.function().compare(*draw(trial, (3, 1), (5, 4)), gradients=False)


def check_softmax_over_keys(trial: Trial) -> None:
    """Equal keys get equal weights: the output is the mean of the values.

    键都相同时权重相等：输出是各值的平均。
    """
    query, key, value = draw(trial, (4, 6))
    same = key[..., :1, :].expand_as(key)
    trial.function().compare(query, same, value, gradients=False)


def check_scales(trial: Trial) -> None:
    """The integer products are multiplied back by the query's and the key's scale and 1/sqrt(D).

    整数乘积要乘回查询和键的缩放因子，再乘 1/sqrt(D)。
    """
    # Tokens (127, 0) and (-1 to 1, 127): int8 holds them, and even their products.
    query = torch.tensor([127.0, 0.0], dtype=DOUBLE).expand(2, 3, 4, 2)
    key = trial.randint(-1, 2, (2, 3, 6, 2)).double()
    key[..., 1] = 127.0
    trial.function().compare(query / 32, key / 16, trial.randn(2, 3, 6, 5), gradients=False)


def check_products_exceed_int8(trial: Trial) -> None:
    """A product of two integers is up to 127 · 127, which int8 does not hold.

    两个整数之积可达 127 · 127，int8 放不下。
    """
    query, key = (trial.randint(12, 100, (2, 3, n, 2)).double() for n in (4, 6))
    query[..., 0] = key[..., 0] = 127.0
    trial.function().compare(query / 64, key / 128, trial.randn(2, 3, 6, 5), gradients=False)


def check_scale_from_the_largest_size(trial: Trial) -> None:
    """The scale is max|x| / 127: the largest entry counts by size, whatever its sign.

    缩放因子为 max|x| / 127：取绝对值最大的元素，与符号无关。
    """
    for sign in (1, -1):
        query, key = (trial.randint(-40, 41, (2, 3, n, 5)).double() for n in (4, 6))
        query[..., 2], key[..., 3] = 127.0 * sign, 127.0 * sign
        trial.function().compare(query / 128, key / 64, trial.randn(2, 3, 6, 4), gradients=False)


def check_sums_exceed_int16(trial: Trial) -> None:
    """The sum over the features exceeds int16: it is exact, as in int32.

    各特征之和会超出 int16：累加必须精确，例如用 int32。
    """
    query, key = exact(trial, 8, 8, least=100) / 256, exact(trial, 9, 8, least=100) / 256
    trial.function().compare(query, key, trial.randn(2, 3, 9, 5), gradients=False)


def check_one_scale_per_token(trial: Trial) -> None:
    """Every token has its own scale, so a large token does not coarsen the others.

    每个词元有自己的缩放因子，大的词元不会让其他词元变粗糙。
    """
    query, key, value = exact(trial, 6, 4) / 128, exact(trial, 5, 4) / 128, trial.randn(2, 3, 5, 3)
    powers = 4.0 ** (torch.arange(6) - 4)[:, None]  # 1/256 to 4
    trial.function().compare(query * powers, key, value, gradients=False)
    trial.function().compare(query, key * powers[1:], value, gradients=False)


def check_rounded_to_the_nearest(trial: Trial) -> None:
    """Entries are rounded to the nearest integer, neither cut off nor left as they are.

    元素舍入到最近的整数，既不是截断，也不是原样保留。
    """
    trial.function().compare(*draw(trial, (5, 6), (9, 2)), gradients=False)


def check_halves_go_to_even(trial: Trial) -> None:
    """An entry exactly between two integers goes to the even one.

    恰好在两个整数正中间的元素舍入到偶数。
    """
    steps = halves()
    for parity in (0, 1):  # 0.5 → 0 tells rounding up apart, 1.5 → 2 rounding down
        chosen = steps[steps.long() % 2 == parity]
        query, key, value = draw(trial, (3, 5), (4, 3))
        for x in (query, key):
            picked = chosen[trial.randint(0, len(chosen), x.shape)]
            x.copy_(picked * (trial.randint(0, 2, x.shape) * 2 - 1))
            x[..., 0] = 127.0
            x.div_(64)  # a power of two: the steps stay exact
        trial.function().compare(query, key, value, gradients=False)


def check_zero_tokens(trial: Trial) -> None:
    """A token of zeros stays zero, as query and as key, and nothing is NaN.

    全零的词元（无论查询还是键）保持为零，任何结果都不是 NaN。
    """
    query, key, value = draw(trial)
    query[0, :, 1], key[1, 2, 3], key[:, 1, 0] = 0.0, 0.0, 0.0
    trial.function().compare(query, key, value, gradients=False)
    trial.function().compare(query, torch.zeros_like(key), value, gradients=False)


def check_values(trial: Trial) -> None:
    """The output agrees with the definition at all sizes, in float64 and float32.

    在各种尺寸下，float64 与 float32 的输出都与定义一致。
    """
    for lengths, widths, leading in (
        ((5, 7), (6, 2), (2, 3)),
        ((1, 9), (3, 5), (3, 1)),
        ((4, 2), (1, 3), (1, 2)),
        ((1, 1), (7, 1), (1, 1)),
    ):
        trial.function().compare(*draw(trial, lengths, widths, leading), gradients=False)


def check_large_logits(trial: Trial) -> None:
    """Scores of ten thousand, positive or negative, give finite, right results.

    分数达到正负一万时结果有限且正确。
    """
    query, key, value = draw(trial, (3, 5), (16, 3), (2, 2))
    for sign in (1, -1):
        big = sign * key.abs() * 100
        trial.function().compare(query.abs() * 50, big, value, gradients=False, logits=3e4)


def check_scale_has_no_floor(trial: Trial) -> None:
    """Tiny tokens have tiny scales: nothing is added to a scale, and nothing bounds it from below.

    很小的词元有很小的缩放因子：不加 epsilon，也没有下限。
    """
    query, key, value = draw(trial)
    for power in (2.0**20, 2.0**-20):
        trial.function().compare(query * power, key / power, value, gradients=False)


def check_precision(trial: Trial) -> None:
    """float64 inputs are computed in float64, scales included.

    float64 的输入以 float64 计算，缩放因子也不例外。
    """
    inputs = [x * (1 + 2.0**-27) for x in draw(trial)]  # numbers that float32 cannot hold
    trial.function().compare(*inputs, gradients=False, dtypes=(DOUBLE,))
