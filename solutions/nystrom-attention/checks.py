"""What Nystroem attention must do: landmarks, the three kernels, the pseudo-inverse, then all."""

import math

import torch

from grader.kit import Trial

ENTRY = "nystrom_attention"
DOUBLE = torch.float64
ANY = 1e6  # a tolerance that leaves shape, dtype and the inputs to be judged
ROUGH = 1e-3  # an inverse that is nearly right is left to the check that speaks of it


def draw(
    trial: Trial, length: int, marks: int, widths: tuple[int, int] = (5, 3), sharpness: float = 4.0
) -> list[torch.Tensor]:
    """Query, key and value of (2, 3, ·, ·) whose landmarks are well conditioned; marks <= D.

    The segments of queries stand around the axes, those of keys around the same axes in another
    order, so the middle kernel is about softmax(sharpness * permutation).
    """
    dim, value_dim = widths
    root = math.sqrt(sharpness * math.sqrt(dim))
    found = []
    for order in (trial.permutation(marks), trial.permutation(marks)):
        centres = root * torch.eye(dim, dtype=DOUBLE)[order]  # (marks, D)
        spread = 0.3 * trial.randn(2, 3, length, dim) * math.sqrt(min(1.0, sharpness))
        found.append(centres.repeat_interleave(length // marks, 0) + spread)
    return [*found, trial.randn(2, 3, length, value_dim)]


def hold(trial: Trial, *inputs: object, tolerance: float | None = ROUGH) -> None:
    trial.function().compare(*inputs, gradients=False, tolerance=tolerance)


def example_two_landmarks(trial: Trial) -> None:
    """Four positions and two landmarks, the means of either half.

    四个位置、两个界标：分别是前一半与后一半的平均。
    """
    x = torch.tensor([[0.0], [2.0], [-2.0], [0.0]], dtype=DOUBLE)[None, None]
    value = torch.tensor([[1.0], [2.0], [3.0], [4.0]], dtype=DOUBLE)[None, None]
    trial.function().show(query=x, key=x, value=value, num_landmarks=2)


def check_shape(trial: Trial) -> None:
    """The output is (B, H, L, Dv) in the inputs' dtype; no input is modified.

    输出形状为 (B, H, L, Dv)，dtype 与输入相同；不修改任何输入。
    """
    for length, marks, widths in ((8, 4, (5, 3)), (6, 2, (3, 7)), (1, 1, (2, 4))):
        inputs = draw(trial, length, marks, widths)
        trial.function().compare(*inputs, marks, gradients=False, tolerance=ANY)


def check_indivisible_length(trial: Trial) -> None:
    """A length that num_landmarks does not divide raises ValueError.

    长度不能被 num_landmarks 整除时抛出 ValueError。
    """
    subject = trial.function()
    for length, marks in ((7, 3), (10, 4), (4, 8)):
        inputs = [trial.randn(1, 2, length, width) for width in (5, 5, 3)]
        trial.raises(ValueError, subject, *inputs, marks)


def check_rows_sum_to_one(trial: Trial) -> None:
    """The softmaxes run over the keys: the weights of one query sum to one.

    softmax 都沿键的维度归一化：同一个查询的权重之和为 1。
    """
    query, key = trial.randn(2, 3, 2, 1), trial.randn(2, 3, 2, 1)
    hold(trial, query, key, torch.ones(2, 3, 2, 3, dtype=DOUBLE), 1)


def check_items_apart(trial: Trial) -> None:
    """Items of the batch and heads are apart, each with its own landmarks.

    批次中的样本之间、各个头之间互不影响，各用各的界标。
    """
    inputs = draw(trial, 6, 3)
    together = trial.function().candidate(*inputs, 3)
    for item, head in ((0, 2), (1, 0)):
        one = [x[item : item + 1, head : head + 1] for x in inputs]
        alone = trial.function().candidate(*one, 3)
        trial.equal(
            together[item, head],
            alone[0, 0],
            (f"item {item}, head {head}", f"第 {item} 个样本的第 {head} 个头"),
        )


def check_one_landmark(trial: Trial) -> None:
    """One landmark is the mean of all queries: every query gets the attention of that mean.

    只有一个界标时，它是全部查询的平均：每个查询得到的都是这个平均查询的注意力。
    """
    # With D = 1 there is no scale.
    for length in (4, 6):
        hold(trial, *(trial.randn(2, 3, length, width) for width in (1, 1, 3)), 1)


def check_scale(trial: Trial) -> None:
    """The scores are divided by the square root of the head dimension.

    分数要除以 head_dim 的平方根。
    """
    for dim in (4, 9):
        hold(trial, *(trial.randn(2, 3, 5, width) for width in (dim, dim, 2)), 1)


def check_every_position_a_landmark(trial: Trial) -> None:
    """With as many landmarks as positions the result is exact softmax attention.

    界标数等于长度时，结果就是精确的 softmax 注意力。
    """
    apart = torch.tensor([[1.5], [-1.5]], dtype=DOUBLE)  # with D = 1 there is no scale
    query, key = (apart + 0.3 * trial.randn(2, 3, 2, 1) for _ in range(2))
    hold(trial, query, key, trial.randn(2, 3, 2, 3), 2)


def check_scale_of_every_kernel(trial: Trial) -> None:
    """All three kernels have the same scale, the one between the landmarks included.

    三个核矩阵的缩放都相同，界标之间的那个也不例外。
    """
    for dim in (3, 8):
        hold(trial, *draw(trial, 3, 3, (dim, 2)), 3)


def check_segments(trial: Trial) -> None:
    """Landmarks are the means of consecutive equal segments, num_landmarks of them.

    界标是连续等长各段的平均，共 num_landmarks 段。
    """
    for length, marks in ((12, 3), (8, 2), (10, 5)):
        hold(trial, *draw(trial, length, marks), marks)


def check_inverse(trial: Trial) -> None:
    """The inverse is exact, also where the landmarks are alike: no iteration, nothing added.

    即使界标彼此接近，逆也是精确的：不用迭代，也不加正则项。
    """
    # Conditions of about 40, in float64 only.
    inputs = draw(trial, 8, 4, sharpness=0.1)
    trial.function().compare(*inputs, 4, gradients=False, dtypes=(DOUBLE,))


def check_pseudo_inverse(trial: Trial) -> None:
    """Where all landmarks are equal the pseudo-inverse still has an answer: the mean of the values.

    所有界标都相等时，伪逆依然有解：结果是值的平均。
    """
    # Zero queries: every kernel is uniform and the middle one has rank one.
    query, key, value = draw(trial, 8, 4)
    zero = torch.zeros_like(query)
    for inputs in ((zero, key, value), (query, zero, value)):
        trial.function().compare(*inputs, 4, gradients=False, dtypes=(DOUBLE,))


def check_values(trial: Trial) -> None:
    """The output agrees with the definition at all sizes, in float64 and float32.

    在各种尺寸下，float64 与 float32 的输出都与定义一致。
    """
    for length, marks, widths in ((12, 4, (6, 3)), (9, 3, (4, 7)), (6, 1, (3, 3)), (2, 2, (2, 1))):
        hold(trial, *draw(trial, length, marks, widths), marks, tolerance=None)


def check_gradients(trial: Trial) -> None:
    """The gradients of query, key and value are right, through the inverse as well.

    query、key、value 的梯度正确，经过逆的部分也算在内。
    """
    for length, marks in ((8, 4), (6, 2)):
        trial.function().compare(*draw(trial, length, marks), marks, dtypes=(DOUBLE,))


def check_large_logits(trial: Trial) -> None:
    """Scores of ten thousand, positive or negative, give finite, right results.

    分数达到正负一万时结果有限且正确。
    """
    # Segments along different axes: the kernels are one-hot, or even over the other segments.
    axes = torch.eye(16, dtype=DOUBLE)[:3].repeat_interleave(2, 0)
    for shift, sign in ((0.0, 1.0), (0.0, -1.0), (200.0, -1.0), (200.0, 1.0)):
        query = 200 * axes.repeat(2, 2, 1, 1) + shift * axes.sum(0) / 2
        value = trial.randn(2, 2, 6, 3)
        trial.function().compare(sign * query, query, value, 3, gradients=False, logits=1e4)
