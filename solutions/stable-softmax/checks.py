"""What a softmax must do: its axis, its values, and the places where the formula breaks."""

import torch

from grader.kit import Trial

ENTRY = "softmax"
FORBID = ("softmax", "log_softmax", "softmin", "gumbel_softmax", "scaled_dot_product_attention")
DOUBLE = torch.float64


def example_rows(trial: Trial) -> None:
    """Two rows; adding a constant to a row changes nothing.

    两行；给一行加上同一个常数，结果不变。
    """
    trial.function().show(x=torch.tensor([[0.0, 1.0], [1000.0, 1001.0]], dtype=DOUBLE), dim=1)


def example_masked(trial: Trial) -> None:
    """One masked entry, then a row of nothing but minus infinity.

    一行有一个被掩蔽的元素，另一行全是负无穷。
    """
    inf = float("inf")
    trial.function().show(x=torch.tensor([[2.0, -inf], [-inf, -inf]], dtype=DOUBLE), dim=-1)


def check_shape_and_dtype(trial: Trial) -> None:
    """The result is a tensor with the shape and dtype of x.

    结果的形状和 dtype 与 x 相同。
    """
    x = trial.randn(5)
    for dtype in (torch.float64, torch.float32):
        y = trial.function().candidate(x.to(dtype), -1)
        if getattr(y, "shape", None) != x.shape or y.dtype != dtype:
            trial.function().compare(x, -1, gradients=False, dtypes=(dtype,))


def check_input_untouched(trial: Trial) -> None:
    """The input is not modified: the maximum is not subtracted in place.

    不修改输入：不在原地减去最大值。
    """
    trial.function().compare(torch.full((5,), 3.0), -1, gradients=False, tolerance=1e-4)


def check_axis(trial: Trial) -> None:
    """The slices along dim sum to one, for every axis counted from either end.

    沿 dim 的每个切片之和为 1，dim 可以是任意维，正数或负数。
    """
    for shape in trial.sizes((2, 3, 4), (3, 3), (5,), (2, 1, 4, 3)):
        x = trial.randn(*shape)
        for dim in range(-len(shape), len(shape)):
            y = trial.function().candidate(x, dim)
            if getattr(y, "shape", None) != x.shape:
                trial.function().compare(x, dim, gradients=False)
            ones = torch.ones_like(x.sum(dim))
            trial.equal(
                y.sum(dim), ones, (f"sum along dim={dim}", f"沿 dim={dim} 的和"), tolerance=1e-6
            )


def check_precision(trial: Trial) -> None:
    """The computation is done in the dtype of x: float64 answers have float64's digits.

    以 x 的 dtype 计算：float64 的结果要有 float64 的精度。
    """
    trial.function().compare(trial.randn(6), 0, gradients=False, dtypes=(torch.float64,))


def check_values(trial: Trial) -> None:
    """Every entry is exp(x) over the sum of exp along dim.

    每个元素等于 exp(x) 除以沿 dim 的 exp 之和。
    """
    for shape, dim in (((4, 5), 1), ((4, 5), 0), ((2, 3, 4), 1), ((6,), 0), ((3, 1), -1)):
        trial.function().compare(trial.randn(*shape), dim, gradients=False)


def check_gradients(trial: Trial) -> None:
    """The gradient is that of the softmax.

    梯度与 softmax 的导数一致。
    """
    for shape, dim in (((4, 5), 1), ((2, 3, 4), 0), ((2, 3, 4), -2), ((7,), 0)):
        trial.function().compare(trial.randn(*shape), dim, dtypes=(torch.float64,))


def check_large_entries(trial: Trial) -> None:
    """Entries of ten thousand do not overflow.

    元素达到一万时不溢出。
    """
    x = trial.randint(9960, 10041, (4, 6)).double()  # rows whose maxima are close
    trial.function().compare(x, -1, logits=1e4)
    trial.function().compare(1e4 + trial.randint(0, 3, (5, 3)).double(), 0, logits=1e4)


def check_small_entries(trial: Trial) -> None:
    """Entries of minus ten thousand do not all underflow to 0 / 0.

    元素全为负一万左右时不会下溢成 0 / 0。
    """
    x = -trial.randint(9960, 10041, (4, 6)).double()
    trial.function().compare(x, -1, logits=1e4)
    trial.function().compare(-1e4 - trial.randint(0, 3, (5, 3)).double(), 0, logits=1e4)


def check_slices_of_different_size(trial: Trial) -> None:
    """Every slice subtracts its own maximum: a large one beside it does not matter.

    每个切片减去自己的最大值：旁边有更大的切片也不受影响。
    """
    x = trial.randn(4, 6) + torch.tensor([[1e4], [-1e4], [0.0], [500.0]], dtype=DOUBLE)
    trial.function().compare(x, -1, logits=1e4)
    trial.function().compare(x.T.contiguous(), 0, logits=1e4)


def check_entries_far_apart(trial: Trial) -> None:
    """A slice may hold ten thousand and minus ten thousand at once: only its maximum is safe.

    同一切片中可以同时有正一万和负一万：只有减去最大值才安全。
    """
    signs = 2.0 * trial.randint(0, 2, (4, 6)).double() - 1
    signs[:, 0], signs[:, -1] = -1, 1
    x = 1e4 * signs[:, trial.permutation(6)] + trial.randint(0, 3, (4, 6)).double()
    x[0] = torch.tensor([-1e4, 1e4, 0.0, 100.0, -100.0, 9999.0]).double()
    for dim in (-1, 0):
        trial.function().compare(x, dim, logits=1e4)


def masked_entries(trial: Trial) -> torch.Tensor:
    """Every row and column keeps at least one finite entry."""
    x = trial.randn(5, 5)
    keep = trial.mask(5, 5) | torch.eye(5, dtype=torch.bool)[trial.permutation(5)]
    return x.masked_fill(~keep, float("-inf"))


def check_minus_infinity(trial: Trial) -> None:
    """An entry of minus infinity gets exactly zero and passes no gradient.

    负无穷的元素恰好得到零，也不传递梯度。
    """
    x = masked_entries(trial)
    hidden = x.isneginf()
    for dim in (0, -1):
        found = trial.function().compare(x, dim)[hidden]
        trial.equal(
            found,
            torch.zeros_like(found),
            ("entries of minus infinity", "负无穷处的元素"),
            tolerance=0,
        )


def check_nothing_but_minus_infinity(trial: Trial) -> None:
    """A slice of nothing but minus infinity gives zeros, not NaN and not equal weights.

    全是负无穷的切片得到零，不是 NaN，也不是均匀分布。
    """
    x = masked_entries(trial)
    x[3], x[:, 1] = float("-inf"), float("-inf")
    x[0, 0] = 0.5
    for dim in (0, -1):
        trial.function().compare(x, dim, gradients=False)
    trial.function().compare(torch.full((3,), -float("inf"), dtype=DOUBLE), 0, gradients=False)


def check_nothing_but_minus_infinity_gradients(trial: Trial) -> None:
    """A slice of nothing but minus infinity passes a zero gradient, never NaN.

    全是负无穷的切片梯度为零，绝不是 NaN。
    """
    x = masked_entries(trial)
    x[3] = float("-inf")
    trial.function().compare(x, -1, dtypes=(torch.float64,))
