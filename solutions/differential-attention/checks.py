"""What differential attention must do: each map alone, their difference, lam in both forms."""

import torch

from grader.kit import Trial

ENTRY = "differential_attention"
DOUBLE = torch.float64


def draw(
    trial: Trial,
    lengths: tuple[int, int] = (4, 6),
    widths: tuple[int, int] = (5, 3),
    leading: tuple[int, int] = (2, 3),
) -> list[torch.Tensor]:
    """query1, key1, query2, key2 and value."""
    (queries, keys), (dim, value_dim) = lengths, widths
    pairs = [trial.randn(*leading, n, dim) for n in (queries, keys, queries, keys)]
    return [*pairs, trial.randn(*leading, keys, value_dim)]


def learned(trial: Trial, low: float, high: float) -> torch.Tensor:
    """A 0-dim tensor between `low` and `high`."""
    return (low + (high - low) * trial.rand()).float().double()


def example_common_part_cancels(trial: Trial) -> None:
    """Both maps like key 2, only the first likes key 1; with lam 1/2 key 1 comes out ahead.

    两个映射都偏好第二个键，只有第一个映射偏好第一个键；lam 取 1/2 后第一个键胜出。
    """
    one = torch.ones(1, 1, 1, 1, dtype=DOUBLE)
    first = torch.tensor([[[[2.0], [2.0], [0.0]]]], dtype=DOUBLE)
    second = torch.tensor([[[[0.0], [2.0], [0.0]]]], dtype=DOUBLE)
    value = torch.eye(3, dtype=DOUBLE)[None, None]
    trial.function().show(query1=one, key1=first, query2=one, key2=second, value=value, lam=0.5)


def check_rows_sum_to_one_minus_lam(trial: Trial) -> None:
    """With equal scores both maps are uniform: the output is (1 − lam) times the mean value.

    分数全相等时两个映射都是均匀的：输出是值的平均乘以 (1 − lam)。
    """
    query1, key1, _, key2, value = draw(trial)
    zero = torch.zeros_like(query1)
    trial.function().compare(zero, key1, zero, key2, value, 0.3, gradients=False)


def check_first_map(trial: Trial) -> None:
    """With lam = 0 it is ordinary attention of the first pair, scaled by 1/sqrt(D).

    lam = 0 时就是第一对查询和键的普通注意力，缩放为 1/sqrt(D)。
    """
    for widths in ((5, 3), (2, 7)):
        trial.function().compare(*draw(trial, widths=widths), 0.0, gradients=False)


def check_second_map(trial: Trial) -> None:
    """The second map comes from the second pair, scaled by 1/sqrt(D) as well.

    第二个映射来自第二对查询和键，同样缩放 1/sqrt(D)。
    """
    for widths in ((5, 3), (2, 7)):
        query1, *rest = draw(trial, widths=widths)
        # With lam below 1/6, the first map's weight, no weight is negative yet.
        trial.function().compare(torch.zeros_like(query1), *rest, 0.1, gradients=False)


def check_difference(trial: Trial) -> None:
    """The maps are subtracted after their softmaxes, and weights may be negative.

    两个映射各自 softmax 之后再相减，权重可以为负。
    """
    for lengths, leading in (((5, 7), (2, 3)), ((1, 6), (3, 1)), ((4, 1), (1, 2))):
        trial.function().compare(*draw(trial, lengths, (4, 6), leading), 0.8, gradients=False)


def check_any_lam(trial: Trial) -> None:
    """lam is used as it is, also when negative or above one.

    lam 原样使用，为负或大于 1 时也是如此。
    """
    for lam in (-0.6, 1.7, -5.0, 5.0):
        trial.function().compare(*draw(trial), lam, gradients=False)


def check_lam_as_tensor(trial: Trial) -> None:
    """lam may be a tensor without dimensions.

    lam 可以是 0 维张量。
    """
    trial.function().compare(*draw(trial), learned(trial, 0.2, 0.9), gradients=False)


def check_gradients(trial: Trial) -> None:
    """The gradients of both queries, both keys and the value are right.

    两组查询、两组键以及值的梯度都正确。
    """
    trial.function().compare(*draw(trial), 0.7, dtypes=(DOUBLE,))
    trial.function().compare(*draw(trial, (3, 2), (4, 6), (1, 2)), 1.2, dtypes=(DOUBLE,))


def check_gradient_of_lam(trial: Trial) -> None:
    """A tensor lam gets its gradient, because it is trained.

    lam 是张量时要得到梯度，因为它需要训练。
    """
    for low in (0.2, -1.5):
        lam = learned(trial, low, low + 0.7)
        trial.function().compare(*draw(trial, (3, 5)), lam, dtypes=(DOUBLE,))
    zero = torch.zeros((), dtype=DOUBLE)  # where training may well begin
    trial.function().compare(*draw(trial, (3, 5)), zero, dtypes=(DOUBLE,))


def check_large_logits(trial: Trial) -> None:
    """Scores of ten thousand, in either map, give finite, right results.

    任一映射的分数达到一万时，结果有限且正确。
    """
    # With D = 16 the scale is exact, so whole numbers are not rounded in float32.
    pairs = [trial.randint(-100, 101, (2, 2, n, 16)).double() for n in (4, 6, 4, 6)]
    trial.function().compare(*pairs, trial.randn(2, 2, 6, 3), 0.4, logits=1e4)
