"""What merging partial results must give: shares, logsumexp, empty parts, the edges."""

from typing import Any

import torch

from grader.kit import Trial

ENTRY = "merge_partial_attention"
NAMES = ("output", "logsumexp")
DOUBLE = torch.float64


def draw(
    trial: Trial, parts: int, length: int = 4, width: int = 5, leading: tuple[int, ...] = (2, 3)
) -> tuple[torch.Tensor, torch.Tensor]:
    """Partial outputs and logsumexps."""
    return trial.randn(parts, *leading, length, width), trial.randn(parts, *leading, length)


def hold(trial: Trial, *inputs: torch.Tensor, **options: Any) -> None:
    trial.function().compare(*inputs, names=NAMES, **{"gradients": False, **options})


def part(trial: Trial, index: int, *inputs: torch.Tensor) -> Any:
    """One of the submission's two results, once it has the right shape."""
    got, wanted = trial.function().candidate(*inputs), trial.function().reference(*inputs)
    pair = isinstance(got, tuple) and len(got) == 2
    if not pair or getattr(got[index], "shape", None) != wanted[index].shape:
        hold(trial, *inputs)
        trial.fail("The shape of the result changes.", "两次调用的结果形状不同。")
    return got[index]


def example_two_parts(trial: Trial) -> None:
    """Two parts, the second with three times the weight of the first.

    两个部分，第二个的权重是第一个的三倍。
    """
    outputs = torch.tensor([[[0.0]], [[4.0]]], dtype=DOUBLE)
    logsumexps = torch.log(torch.tensor([[1.0], [3.0]], dtype=DOUBLE))
    trial.function().show(outputs=outputs, logsumexps=logsumexps)


def check_shapes(trial: Trial) -> None:
    """The output is (..., L, Dv), the logsumexp (..., L): the parts are summed away.

    output 为 (..., L, Dv)，logsumexp 为 (..., L)：部分所在的维度被消去。
    """
    for index in (0, 1):
        part(trial, index, *draw(trial, 3))


def check_equal_parts(trial: Trial) -> None:
    """Parts of equal weight are averaged.

    权重相同的部分取平均。
    """
    outputs, _ = draw(trial, 3)
    inputs = (outputs, torch.zeros(3, 2, 3, 4, dtype=DOUBLE))
    trial.equal(part(trial, 0, *inputs), outputs.mean(0), "output")


def check_shares(trial: Trial) -> None:
    """A part counts by exp(logsumexp), the sum of its exponentials, in every row by itself.

    每个部分按 exp(logsumexp)，即其指数和计权，每一行各自计算。
    """
    for parts in (2, 3, 5):
        inputs = draw(trial, parts)
        expected = trial.function().reference(*inputs)[0]
        trial.equal(part(trial, 0, *inputs), expected, "output")


def check_logsumexp(trial: Trial) -> None:
    """The merged logsumexp is the logarithm of the sum over all parts.

    合并后的 logsumexp 是所有部分之和的对数。
    """
    for parts in (2, 4):
        inputs = draw(trial, parts)
        expected = trial.function().reference(*inputs)[1]
        trial.equal(part(trial, 1, *inputs), expected, "logsumexp")


def check_agrees_with_attention(trial: Trial) -> None:
    """Merging the parts of one softmax gives the softmax over all keys.

    合并同一个 softmax 的各部分，得到对所有键的 softmax。
    """
    scores, value = trial.randn(2, 3, 4, 9), trial.randn(2, 3, 9, 5)
    pieces = list(zip(scores.split((2, 4, 3), -1), value.split((2, 4, 3), -2), strict=True))
    outputs = torch.stack([s.softmax(-1) @ v for s, v in pieces])
    logsumexps = torch.stack([s.logsumexp(-1) for s, _ in pieces])
    trial.equal(part(trial, 0, outputs, logsumexps), scores.softmax(-1) @ value, "output")
    trial.equal(part(trial, 1, outputs, logsumexps), scores.logsumexp(-1), "logsumexp")


def check_any_leading_dimensions(trial: Trial) -> None:
    """Any number of leading dimensions and parts, a single one included.

    前面的维度数目和部分数目任意，包括只有一个部分。
    """
    for parts, leading in ((3, ()), (1, (2,)), (4, (3,)), (2, (2, 1, 3))):
        hold(trial, *draw(trial, parts, leading=leading))
    for length, width in ((1, 5), (4, 1), (1, 1)):
        hold(trial, *draw(trial, 2, length, width))


def check_gradients(trial: Trial) -> None:
    """Output and logsumexp are differentiable in both inputs.

    两个结果对两个输入都可微。
    """
    hold(trial, *draw(trial, 3), gradients=True, dtypes=(DOUBLE,))


def check_empty_part(trial: Trial) -> None:
    """A part with logsumexp −inf has weight zero in that row.

    logsumexp 为 −inf 的部分在那一行权重为零。
    """
    outputs, logsumexps = draw(trial, 3)
    logsumexps[1, :, :, 2], logsumexps[0, 1] = -float("inf"), -float("inf")
    hold(trial, outputs, logsumexps)


def check_empty_part_holds_anything(trial: Trial) -> None:
    """The output of an empty part is ignored, whatever it holds, NaN included.

    空部分的 output 不论装着什么（包括 NaN）都要忽略。
    """
    for parts in (3, 1):
        outputs, logsumexps = draw(trial, parts)
        logsumexps[0, :, :, 1], logsumexps[-1, :, :, 2] = -float("inf"), -float("inf")
        logsumexps[:, 0, 1, 3] = -float("inf")
        empty = (logsumexps == -float("inf"))[..., None]
        for anything in (float("nan"), float("inf")):
            hold(trial, outputs.masked_fill(empty, anything), logsumexps)


def check_empty_part_holds_anything_gradients(trial: Trial) -> None:
    """What an empty part holds reaches no gradient either, not even as NaN.

    空部分装着的内容也不影响梯度，不会传出 NaN。
    """
    outputs, logsumexps = draw(trial, 3)
    logsumexps[0, :, :, 1], logsumexps[-1, :, :, 2] = -float("inf"), -float("inf")
    empty = (logsumexps == -float("inf"))[..., None]
    for anything in (float("nan"), float("inf")):
        filled = outputs.masked_fill(empty, anything)
        hold(trial, filled, logsumexps, gradients=True, dtypes=(DOUBLE,))


def check_all_empty(trial: Trial) -> None:
    """If every part is empty the row gives zeros and −inf, not NaN.

    所有部分都为空的行得到零和 −inf，不是 NaN。
    """
    outputs, logsumexps = draw(trial, 3)
    logsumexps[:, 0, 1, 2] = -float("inf")
    hold(trial, outputs, logsumexps)


def check_empty_gradients(trial: Trial) -> None:
    """Empty parts and empty rows pass zero gradients, never NaN.

    空的部分与空的行梯度为零，绝不是 NaN。
    """
    outputs, logsumexps = draw(trial, 3)
    logsumexps[1, :, :, 2], logsumexps[:, 0, 1, 3] = -float("inf"), -float("inf")
    hold(trial, outputs, logsumexps, gradients=True, dtypes=(DOUBLE,))


def check_large_logsumexps(trial: Trial) -> None:
    """Logsumexps of ten thousand, positive or negative, neither overflow nor vanish.

    logsumexp 达到正负一万时既不溢出也不消失。
    """
    outputs, logsumexps = draw(trial, 3)
    by_query = torch.tensor([-1e4, 1e4, 0.0, 5e3], dtype=DOUBLE)
    for centre in (1e4, -1e4, by_query):
        hold(trial, outputs, centre + (4 * logsumexps).round() / 4, logits=1e4)


def check_logsumexps_far_apart(trial: Trial) -> None:
    """Parts twenty thousand apart: the larger one counts alone, and nothing overflows.

    各部分相差两万时，只有较大的那个起作用，且不溢出。
    """
    outputs, logsumexps = draw(trial, 3)
    centres = torch.tensor([-1e4, 1e4, 0.0], dtype=DOUBLE).view(3, 1, 1, 1)
    for order in ((0, 1, 2), (1, 2, 0)):
        far = centres[[*order]] + (4 * logsumexps).round() / 4
        hold(trial, outputs, far, logits=1e4)
