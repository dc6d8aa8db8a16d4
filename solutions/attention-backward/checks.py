"""What the backward pass must give: value, then key and query, then the edges."""

from typing import Any

import torch

from grader.kit import Trial

ENTRY = "attention_backward"
NAMES = ("grad_query", "grad_key", "grad_value")
FORBID = ("backward", "grad")
DOUBLE = torch.float64


def draw(
    trial: Trial,
    lengths: tuple[int, int] = (4, 6),
    widths: tuple[int, int] = (5, 3),
    leading: tuple[int, ...] = (2, 3),
) -> list[torch.Tensor]:
    """Query, key, value and the gradient of the output."""
    (queries, keys), (dim, value_dim) = lengths, widths
    return [
        trial.randn(*leading, queries, dim),
        trial.randn(*leading, keys, dim),
        trial.randn(*leading, keys, value_dim),
        trial.randn(*leading, queries, value_dim),
    ]


def gradient(trial: Trial, index: int, *inputs: torch.Tensor) -> Any:
    """One of the submission's three gradients, once it has the shape of its input."""
    got = trial.function().candidate(*inputs)
    three = isinstance(got, tuple) and len(got) == 3
    if not three or getattr(got[index], "shape", None) != inputs[index].shape:
        trial.function().compare(*inputs, gradients=False, names=NAMES)
        trial.fail("The shape of the result changes.", "两次调用的结果形状不同。")
    return got[index]


def example_two_keys(trial: Trial) -> None:
    """One query between two equal keys: half of the gradient goes to each value.

    一个查询、两个相同的键：梯度平分给两个值。
    """
    one = torch.ones(1, 1, dtype=DOUBLE)
    value = torch.tensor([[1.0], [3.0]], dtype=DOUBLE)
    trial.function().show(query=one, key=one.repeat(2, 1), value=value, grad_output=one)


def check_value_gradient(trial: Trial) -> None:
    """grad_value is the transposed weights times grad_output.

    grad_value 等于权重的转置乘以 grad_output。
    """
    inputs = draw(trial, widths=(1, 1))
    # Width one: no scale can be wrong yet.
    expected = trial.function().reference(*inputs)[2]
    trial.equal(gradient(trial, 2, *inputs), expected, "grad_value")


def check_weights_are_scaled(trial: Trial) -> None:
    """The weights are recomputed with the scale of the forward pass, 1/sqrt(D), D from query.

    重新计算权重时使用与前向相同的缩放 1/sqrt(D)，D 取自 query。
    """
    for widths in ((5, 3), (2, 7)):
        inputs = draw(trial, widths=widths)
        expected = trial.function().reference(*inputs)[2]
        trial.equal(gradient(trial, 2, *inputs), expected, "grad_value")


def check_shapes(trial: Trial) -> None:
    """Three gradients come back, shaped as query, key and value, in that order.

    返回三个梯度，形状依次与 query、key、value 相同。
    """
    for index in range(3):
        gradient(trial, index, *draw(trial))


def check_softmax_rows(trial: Trial) -> None:
    """A constant added to a query's scores changes nothing: the rows of grad_scores sum to zero.

    给一个查询的所有分数加同一常数不影响输出：grad_scores 每行之和为零。
    """
    query, _, value, grad = draw(trial)
    # With equal keys every score of a row moves together, so the query gets no gradient.
    key = trial.randn(2, 3, 1, 5).repeat(1, 1, 6, 1)
    got = gradient(trial, 0, query, key, value, grad)
    trial.equal(
        got, torch.zeros_like(query), ("grad_query for equal keys", "键全相同时的 grad_query")
    )


def check_query_gradient(trial: Trial) -> None:
    """grad_query is grad_scores times key; width one, so that the scale is 1.

    grad_query 等于 grad_scores 乘以 key；宽度为 1，缩放恰为 1。
    """
    inputs = draw(trial, widths=(1, 3))
    expected = trial.function().reference(*inputs)[0]
    trial.equal(gradient(trial, 0, *inputs), expected, "grad_query")


def check_key_gradient(trial: Trial) -> None:
    """grad_key is the transposed grad_scores times query; width one, so that the scale is 1.

    grad_key 等于 grad_scores 的转置乘以 query；宽度为 1，缩放恰为 1。
    """
    inputs = draw(trial, widths=(1, 3))
    expected = trial.function().reference(*inputs)[1]
    trial.equal(gradient(trial, 1, *inputs), expected, "grad_key")


def check_scale_of_gradients(trial: Trial) -> None:
    """The scale enters grad_query and grad_key once each.

    grad_query 和 grad_key 都要乘一次缩放因子。
    """
    for lengths, widths in (((4, 6), (5, 3)), ((6, 4), (2, 7)), ((3, 3), (8, 8))):
        inputs = draw(trial, lengths, widths)
        trial.function().compare(*inputs, gradients=False, names=NAMES)


def check_leading_dimensions(trial: Trial) -> None:
    """Any number of leading dimensions works, none included; lengths may be one.

    前面的维度数目任意，没有也可以；长度可以为 1。
    """
    for leading in ((), (4,), (2, 1, 3)):
        inputs = draw(trial, leading=leading)
        trial.function().compare(*inputs, gradients=False, names=NAMES)
    for lengths in ((1, 5), (5, 1), (1, 1)):
        trial.function().compare(*draw(trial, lengths), gradients=False, names=NAMES)


def check_long(trial: Trial) -> None:
    """Nothing depends on the number of keys, nor on the size of grad_output.

    结果与键的个数无关，也不受 grad_output 的大小限制。
    """
    query, key, value, grad = draw(trial, (70, 150), leading=(1,))
    trial.function().compare(query, key, value, 1e3 * grad, gradients=False, names=NAMES)


def check_large_logits(trial: Trial) -> None:
    """Scores of ten thousand give finite, right gradients.

    分数达到一万时梯度有限且正确。
    """
    query, key = (trial.randint(-100, 101, (2, n, 16)).double() for n in (4, 6))
    value, grad = trial.randn(2, 6, 3), trial.randn(2, 4, 3)
    trial.function().compare(query, key, value, grad, gradients=False, names=NAMES, logits=1e4)
