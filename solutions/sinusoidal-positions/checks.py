"""What the sinusoidal table must be: form, order of columns, frequencies, base, odd widths."""

from typing import Any

import torch

from grader.kit import Trial

ENTRY = "sinusoidal_positions"
DOUBLE = torch.float64


def table_of(trial: Trial, length: int, dim: int, *base: float) -> Any:
    """The submission's table, once it has the right shape."""
    table = trial.function().candidate(length, dim, *base)
    shape = tuple(getattr(table, "shape", ()))
    if shape != (length, dim):
        trial.fail(
            f"The table for ({length}, {dim}) has shape {shape}, expected ({length}, {dim}).",
            f"({length}, {dim}) 的表形状为 {shape}，应为 ({length}, {dim})。",
        )
    return table


def hold(trial: Trial, *inputs: float, tolerance: float | None = None) -> None:
    trial.function().compare(*inputs, gradients=False, dtypes=(torch.float32,), tolerance=tolerance)


def example_four_columns(trial: Trial) -> None:
    """Three positions, two pairs: the first turns by 1 radian a step, the second by 0.01.

    三个位置、两对：第一对每步转 1 弧度，第二对每步转 0.01 弧度。
    """
    trial.function().show(length=3, dim=4)


def example_odd_width(trial: Trial) -> None:
    """Three columns with base 8: the last one is a sine.

    三列、base 为 8：最后一列是正弦。
    """
    trial.function().show(length=2, dim=3, base=8.0)


def check_shape(trial: Trial) -> None:
    """The table has shape (length, dim): one row per position, no batch dimension.

    表的形状为 (length, dim)：每个位置一行，没有批次维。
    """
    for length, dim in trial.sizes((5, 8), (9, 2), (1, 4)):
        table_of(trial, length, dim)


def check_float32(trial: Trial) -> None:
    """The table is float32.

    表的 dtype 是 float32。
    """
    table = table_of(trial, 3, 4)
    if table.dtype != torch.float32:
        trial.fail(
            f"The table has dtype {table.dtype}, expected torch.float32.",
            f"表的 dtype 为 {table.dtype}，应为 torch.float32。",
        )


def check_positions_from_zero(trial: Trial) -> None:
    """The first row is position 0: every sine is 0, every cosine is 1.

    第一行是位置 0：正弦全为 0，余弦全为 1。
    """
    size = 2 * trial.integer(2, 6)
    row = table_of(trial, 3, size)[0].double()
    trial.equal(
        row.sum(),
        torch.tensor(size / 2, dtype=DOUBLE),
        ("sum of row 0", "第 0 行之和"),
        tolerance=1e-5,
    )


def check_even_sine_odd_cosine(trial: Trial) -> None:
    """Even columns are sines, odd columns cosines: interleaved, not one half after the other.

    偶数列是正弦，奇数列是余弦：两者交错，而不是前一半、后一半。
    """
    for dim in (2, 6, 8):
        row = table_of(trial, 2, dim)[0].double()
        wanted = torch.tensor([0.0, 1.0], dtype=DOUBLE).repeat(dim // 2)
        trial.equal(row, wanted, ("row 0", "第 0 行"), tolerance=1e-5)


def check_pairs_share_a_frequency(trial: Trial) -> None:
    """Columns 2i and 2i + 1 are sine and cosine of the same angle: their squares sum to one.

    第 2i 列与第 2i + 1 列是同一角度的正弦与余弦：平方和为 1。
    """
    squares = table_of(trial, 12, 6).double().square()
    sums = squares[:, 0::2] + squares[:, 1::2]
    trial.equal(sums, torch.ones(12, 3, dtype=DOUBLE), "sin² + cos²", tolerance=1e-4)


def check_first_pair(trial: Trial) -> None:
    """The first pair turns by one radian per position, whatever the width.

    无论宽度多少，第一对每个位置转 1 弧度。
    """
    angles = torch.arange(10, dtype=DOUBLE)
    wanted = torch.stack([angles.sin(), angles.cos()], dim=-1)
    for dim in (2, 4, 10):
        pair = table_of(trial, 10, dim)[:, :2].double()
        trial.equal(pair, wanted, ("columns 0 and 1", "第 0 列和第 1 列"), tolerance=1e-4)


def check_frequencies(trial: Trial) -> None:
    """Pair i turns by 10000^(−2i/dim) per position.

    第 i 对每个位置转 10000^(−2i/dim) 弧度。
    """
    for length, dim in trial.sizes((12, 4), (20, 6), (7, 16), (3, 300)):
        hold(trial, length, dim)


def check_base(trial: Trial) -> None:
    """The base is an argument: another one gives other frequencies.

    base 是参数：换一个值，频率随之改变。
    """
    for base in (100.0, 500000.0, 1.5):
        hold(trial, 15, 8, base)


def check_odd_width_shape(trial: Trial) -> None:
    """An odd dim is allowed, down to 1: the table has dim columns.

    dim 可以是奇数，小到 1 也行：表恰好有 dim 列。
    """
    for length, dim in trial.sizes((4, 5), (6, 3), (3, 1), (1, 7)):
        table_of(trial, length, dim)


def check_odd_width_ends_on_sine(trial: Trial) -> None:
    """The last column of an odd dim is the sine of the next pair's angle.

    dim 为奇数时，最后一列是下一对角度的正弦。
    """
    for dim in (3, 7):
        last = table_of(trial, 4, dim, 1.0)[:, -1].double()  # with base 1 all pairs turn alike
        wanted = torch.arange(4, dtype=DOUBLE).sin()
        trial.equal(last, wanted, ("last column", "最后一列"), tolerance=1e-4)


def check_odd_width_values(trial: Trial) -> None:
    """The exponents of an odd dim are −2i/dim too, with dim itself and not its even neighbour.

    dim 为奇数时指数同样是 −2i/dim，用 dim 本身，而不是相邻的偶数。
    """
    for length, dim in trial.sizes((9, 5), (12, 3), (5, 1), (6, 11)):
        hold(trial, length, dim)


def check_far_positions(trial: Trial) -> None:
    """Positions in the thousands are right too: nothing is computed in half precision.

    位置上千时依然正确：不以半精度计算。
    """
    # Angles of 3000 in float32 carry an error of up to 3000 units of rounding: 4e-4.
    hold(trial, 3000, 6, tolerance=2e-3)
    hold(trial, 6000, 6, tolerance=4e-3)
