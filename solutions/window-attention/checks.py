"""What shifted-window attention must do: windows, then the shift, then the wrapped regions."""

from typing import Any

import torch

from grader.kit import Trial

ENTRY = "window_attention"
DOUBLE = torch.float64


def draw(
    trial: Trial, height: int, width: int, widths: tuple[int, int] = (5, 3)
) -> list[torch.Tensor]:
    """Query, key and value of (2, 3, height * width, ·)."""
    shapes = (widths[0], widths[0], widths[1])
    return [trial.randn(2, 3, height * width, dim) for dim in shapes]


def hold(trial: Trial, inputs: list[torch.Tensor], *sizes: int, **options: Any) -> None:
    trial.function().compare(*inputs, *sizes, gradients=options.pop("gradients", False), **options)


def equal_scores(trial: Trial, height: int, width: int) -> list[torch.Tensor]:
    """Zero queries: the output is the mean of the values that a patch sees."""
    query, key, value = draw(trial, height, width)
    return [torch.zeros_like(query), key, value]


def output(trial: Trial, inputs: list[torch.Tensor], *sizes: int) -> Any:
    """The submission's output as an image (2, 3, height, width, Dv), once its shape is right."""
    got = trial.function().candidate(*inputs, *sizes)
    if getattr(got, "shape", None) != inputs[2].shape:
        hold(trial, inputs, *sizes)
        trial.fail("The shape of the result changes.", "两次调用的结果形状不同。")
    return got.unflatten(2, sizes[:2])


def example_two_windows(trial: Trial) -> None:
    """An image of 2 × 4 patches with equal scores: each window of 2 × 2 returns its mean.

    2 × 4 个图像块、分数相等：每个 2 × 2 的窗口返回自己的平均值。
    """
    zero = torch.zeros(1, 1, 8, 1, dtype=DOUBLE)
    value = torch.arange(1.0, 9.0, dtype=DOUBLE).view(1, 1, 8, 1)
    trial.function().show(query=zero, key=zero, value=value, height=2, width=4, window=2)


def example_shifted(trial: Trial) -> None:
    """The same shifted by one: only regions that touch in the image are averaged.

    同样的图像移位一格：只对图像中真正相邻的区域求平均。
    """
    zero = torch.zeros(1, 1, 8, 1, dtype=DOUBLE)
    value = torch.arange(1.0, 9.0, dtype=DOUBLE).view(1, 1, 8, 1)
    trial.function().show(query=zero, key=zero, value=value, height=2, width=4, window=2, shift=1)


def check_one_window(trial: Trial) -> None:
    """A window as large as the image is ordinary attention, scaled by 1/sqrt(D).

    窗口与图像一样大时，就是缩放为 1/sqrt(D) 的普通注意力。
    """
    for widths in ((5, 3), (2, 7)):
        hold(trial, draw(trial, 3, 3, widths), 3, 3, 3)


def check_windows_of_one(trial: Trial) -> None:
    """Windows of one patch: a patch sees itself alone, so the output is the value.

    窗口只有一个图像块时，每块只看到自己：输出就是值。
    """
    hold(trial, draw(trial, 2, 3), 2, 3, 1)


def check_square_windows(trial: Trial) -> None:
    """Windows are squares of the image: with equal scores each gives the mean of its patches.

    窗口是图像上的正方形：分数相等时，每个窗口的输出是窗内各块的平均。
    """
    for height, width, window in trial.sizes((4, 6, 2), (6, 3, 3)):
        hold(trial, equal_scores(trial, height, width), height, width, window)


def check_shifted_windows(trial: Trial) -> None:
    """Shifted by s, the windows begin at row and column s, and every output keeps its place.

    移位 s 时，窗口从第 s 行、第 s 列开始；每个输出仍在自己的位置上。
    """
    # Only windows that do not wrap round; those at the border come in the next checks.
    for height, width, window, shift in trial.sizes((6, 4, 2, 1), (6, 9, 3, 1), (9, 6, 3, 2)):
        inputs = equal_scores(trial, height, width)
        sizes = (height, width, window, shift)
        inner = (..., slice(shift, shift - window), slice(shift, shift - window), slice(None))
        expected = trial.function().reference(*inputs, *sizes).unflatten(2, sizes[:2])
        trial.equal(
            output(trial, inputs, *sizes)[inner], expected[inner], ("inner windows", "内部的窗口")
        )


def check_wrapped_rows_apart(trial: Trial) -> None:
    """The first rows, which the shift brings below the last ones, do not mix with them.

    最前面的行被移到最后几行之下，但不与它们混合。
    """
    sizes = (6, 6, 3, 1)
    inputs, columns = equal_scores(trial, 6, 6), slice(1, -2)  # columns that do not wrap
    expected = trial.function().reference(*inputs, *sizes).unflatten(2, (6, 6))
    got = output(trial, inputs, *sizes)
    trial.equal(
        got[..., columns, :],
        expected[..., columns, :],
        ("columns without a border", "不在边界上的列"),
    )


def check_wrapped_columns_apart(trial: Trial) -> None:
    """The first columns, which the shift brings behind the last ones, do not mix with them.

    最前面的列被移到最后几列之后，但不与它们混合。
    """
    sizes = (6, 6, 3, 2)
    inputs, rows = equal_scores(trial, 6, 6), slice(2, -1)  # rows that do not wrap
    expected = trial.function().reference(*inputs, *sizes).unflatten(2, (6, 6))
    got = output(trial, inputs, *sizes)
    trial.equal(
        got[..., rows, :, :], expected[..., rows, :, :], ("rows without a border", "不在边界上的行")
    )


def check_four_corners_apart(trial: Trial) -> None:
    """The last window holds pieces of all four corners, and none of them sees another.

    最后一个窗口装着图像四个角的碎片，它们彼此都看不到。
    """
    for height, width, window, shift in trial.sizes((6, 3, 3, 1), (4, 6, 2, 1), (3, 3, 3, 2)):
        hold(trial, equal_scores(trial, height, width), height, width, window, shift)


def check_values(trial: Trial) -> None:
    """The output agrees with the definition for any sizes and shifts.

    对任意大小与移位，输出都与定义一致。
    """
    for height, width, window, shift in trial.sizes((4, 6, 2, 1), (8, 4, 4, 3), (6, 9, 3, 2)):
        hold(trial, draw(trial, height, width), height, width, window, shift)
    hold(trial, [trial.randn(1, 1, 4, dim) for dim in (2, 2, 4)], 2, 2, 2, 0)


def check_gradients(trial: Trial) -> None:
    """The gradients of query, key and value are right, with a shift and without.

    无论有无移位，query、key、value 的梯度都正确。
    """
    for shift in (0, 1):
        hold(trial, draw(trial, 4, 2), 4, 2, 2, shift, gradients=True, dtypes=(DOUBLE,))
    hold(trial, draw(trial, 6, 9), 6, 9, 3, 2, gradients=True, dtypes=(DOUBLE,))


def check_large_logits(trial: Trial) -> None:
    """Scores of ten thousand, positive or negative, give finite, right results.

    分数达到正负一万时结果有限且正确。
    """
    # With D = 16 the scale is exact, so whole numbers are not rounded in float32.
    query, key = (trial.randint(52, 65, (1, 2, 16, 16)).double() for _ in range(2))
    for sign in (1, -1):
        hold(trial, [sign * query, key, trial.randn(1, 2, 16, 3)], 4, 4, 2, 1, logits=1e4)


def check_large_hidden_logits(trial: Trial) -> None:
    """Wrapped regions stay apart even where the hidden scores are twenty thousand higher.

    即使被隐藏的分数高出两万，环绕的区域仍互不可见。
    """
    # The first row and column, which the shift brings to the far side, have the large scores.
    query = trial.randint(52, 65, (1, 2, 16, 16)).double()
    key = -trial.randint(52, 65, (1, 2, 4, 4, 16)).double()
    key[:, :, 0], key[:, :, :, 0] = -key[:, :, 0], -key[:, :, :, 0]
    key[:, :, 0, 0] = key[:, :, 0, 0].abs()
    hold(trial, [query, key.flatten(2, 3), trial.randn(1, 2, 16, 3)], 4, 4, 2, 1, logits=1e4)
