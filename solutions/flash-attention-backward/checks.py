"""What flash attention's backward must give: one tile, many tiles, causal tiles, its memory."""

import math
from typing import Any

import torch

from grader.kit import Trial

ENTRY = "flash_attention_backward"
NAMES = ("grad_query", "grad_key", "grad_value")
FORBID = ("backward", "grad")
SECONDS = 60
DOUBLE = torch.float64


def forward(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, causal: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Output and logsumexp of ordinary attention: zeros and −inf where there is no key."""
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    if causal:
        seen = torch.ones(scores.shape[-2:], dtype=torch.bool).tril(key.shape[-2] - query.shape[-2])
        scores = scores.masked_fill(~seen, -math.inf)
    logsumexp = torch.logsumexp(scores, dim=-1)
    weights = torch.softmax(scores, dim=-1).nan_to_num(0.0)
    return weights @ value, logsumexp


def draw(
    trial: Trial,
    lengths: tuple[int, int] = (4, 6),
    widths: tuple[int, int] = (5, 3),
    block: int = 16,
    causal: bool = False,
    leading: tuple[int, ...] = (2, 3),
) -> list[Any]:
    """All eight arguments."""
    (queries, keys), (dim, value_dim) = lengths, widths
    shapes = ((queries, dim), (keys, dim), (keys, value_dim), (queries, value_dim))
    query, key, value, grad = (trial.randn(*leading, *shape) for shape in shapes)
    return [query, key, value, *forward(query, key, value, causal), grad, block, causal]


def hold(trial: Trial, inputs: list[Any], **options: Any) -> None:
    trial.function().compare(*inputs, gradients=False, names=NAMES, **options)


def gradient(trial: Trial, index: int, inputs: list[Any]) -> Any:
    """One of the submission's three gradients, once it has the shape of its input."""
    got = trial.function().candidate(*inputs)
    three = isinstance(got, tuple) and len(got) == 3
    if not three or getattr(got[index], "shape", None) != inputs[index].shape:
        hold(trial, inputs)
        trial.fail("The shape of the result changes.", "两次调用的结果形状不同。")
    return got[index]


def hold_one(trial: Trial, index: int, inputs: list[Any]) -> None:
    """One of the three gradients against the reference's."""
    expected = trial.function().reference(*inputs)[index]
    trial.equal(gradient(trial, index, inputs), expected, NAMES[index])


def example_two_blocks(trial: Trial) -> None:
    """One query, two equal keys in blocks of one: half of the gradient goes to each value.

    一个查询、两个相同的键，每块一个键：梯度平分给两个值。
    """
    one = torch.ones(1, 1, 1, 1, dtype=DOUBLE)
    value = torch.tensor([1.0, 3.0], dtype=DOUBLE).view(1, 1, 2, 1)
    output, logsumexp = forward(one, one.repeat(1, 1, 2, 1), value, False)
    trial.function().show(
        query=one,
        key=one.repeat(1, 1, 2, 1),
        value=value,
        output=output,
        logsumexp=logsumexp,
        grad_output=one,
        block_size=1,
    )


def check_shapes(trial: Trial) -> None:
    """Three gradients come back, shaped as query, key and value, in that order.

    返回三个梯度，形状依次与 query、key、value 相同。
    """
    inputs = draw(trial)
    for index in range(3):
        gradient(trial, index, inputs)


def check_dtype_and_inputs(trial: Trial) -> None:
    """The gradients have the dtype of the inputs, and the call modifies none of these.

    梯度的 dtype 与输入相同，调用不修改任何输入。
    """
    inputs = draw(trial)
    # Values come in the next checks.
    hold(trial, inputs, dtypes=(DOUBLE,), tolerance=1e9)


def check_value_gradient(trial: Trial) -> None:
    """With one tile grad_value is the transposed weights exp(S − logsumexp) times grad_output.

    只有一块时，grad_value 等于权重 exp(S − logsumexp) 的转置乘以 grad_output。
    """
    # Width one: no scale can be wrong yet.
    hold_one(trial, 2, draw(trial, widths=(1, 1)))


def check_weights_are_scaled(trial: Trial) -> None:
    """The scores are recomputed with the scale of the forward pass, 1/sqrt(D), D from query.

    重新计算分数时使用与前向相同的缩放 1/sqrt(D)，D 取自 query。
    """
    for widths in ((5, 3), (2, 7)):
        hold_one(trial, 2, draw(trial, widths=widths))


def check_softmax_rows(trial: Trial) -> None:
    """A constant added to a query's scores changes nothing: the rows of grad_scores sum to zero.

    给一个查询的所有分数加同一常数不影响输出：grad_scores 每行之和为零。
    """
    inputs = draw(trial)
    # With equal keys every score of a row moves together, so the query gets no gradient.
    inputs[1] = trial.randn(2, 3, 1, 5).repeat(1, 1, 6, 1)
    inputs[3:5] = forward(*inputs[:3], False)
    got = gradient(trial, 0, inputs)
    trial.equal(
        got, torch.zeros_like(inputs[0]), ("grad_query for equal keys", "键全相同时的 grad_query")
    )


def check_query_gradient(trial: Trial) -> None:
    """With one tile grad_query is grad_scores times key; width one, so that the scale is 1.

    只有一块时，grad_query 等于 grad_scores 乘以 key；宽度为 1，缩放恰为 1。
    """
    hold_one(trial, 0, draw(trial, widths=(1, 3)))


def check_key_gradient(trial: Trial) -> None:
    """With one tile grad_key is the transposed grad_scores times query; width one again.

    只有一块时，grad_key 等于 grad_scores 的转置乘以 query；宽度仍为 1。
    """
    hold_one(trial, 1, draw(trial, widths=(1, 3)))


def check_scale_of_gradients(trial: Trial) -> None:
    """The scale enters grad_query and grad_key once each.

    grad_query 和 grad_key 都要乘一次缩放因子。
    """
    for lengths, widths in (((4, 6), (5, 3)), ((6, 4), (2, 7))):
        hold(trial, draw(trial, lengths, widths))


def check_key_tiles(trial: Trial) -> None:
    """Over many key tiles the weights are still normalised over all keys, and grad_query adds up.

    键分成多块时，权重仍按所有键归一化，grad_query 在各块上累加。
    """
    for index in (2, 0, 1):
        hold_one(trial, index, draw(trial, (3, 12), block=4))


def check_query_tiles(trial: Trial) -> None:
    """Over many query tiles grad_key and grad_value add up.

    查询分成多块时，grad_key 与 grad_value 在各块上累加。
    """
    for index in (2, 1, 0):
        hold_one(trial, index, draw(trial, (12, 4), block=4))
    hold(trial, draw(trial, (8, 12), block=4))


def check_block_size_does_not_divide(trial: Trial) -> None:
    """Lengths need not be multiples of the block size; the last tiles are shorter.

    长度不必是块大小的整数倍；最后的块可以更短。
    """
    for lengths, block in (((7, 9), 4), ((9, 7), 2), ((1, 5), 3), ((3, 4), 1)):
        hold(trial, draw(trial, lengths, block=block))


def check_leading_dimensions(trial: Trial) -> None:
    """Any number of leading dimensions works, none included.

    前面的维度数目任意，没有也可以。
    """
    for leading in ((), (4,), (2, 1, 3)):
        hold(trial, draw(trial, (5, 6), block=4, leading=leading), dtypes=(DOUBLE,))


def check_not_causal_by_default(trial: Trial) -> None:
    """Where `causal` is not given, every query sees every key.

    没有给出 `causal` 时，每个查询都能看到所有键。
    """
    *inputs, _ = draw(trial, (5, 6), block=4)
    hold(trial, inputs)


def check_causal_tiles(trial: Trial) -> None:
    """Causal: query i sees keys 0 to i, counted over the whole sequence and not within a tile.

    因果：第 i 个查询能看到第 0 到 i 个键，按整个序列而不是块内的下标计算。
    """
    for length, block in ((6, 8), (8, 4), (7, 2)):
        hold(trial, draw(trial, (length, length), block=block, causal=True))


def check_causal_bottom_right(trial: Trial) -> None:
    """Causal with more keys than queries: the queries are the last positions.

    键多于查询的因果情形：查询对应最后若干位置。
    """
    for lengths, block in (((4, 8), 4), ((3, 8), 2), ((1, 7), 3)):
        hold(trial, draw(trial, lengths, block=block, causal=True))


def check_query_without_keys(trial: Trial) -> None:
    """Causal with more queries than keys: the first ones, of logsumexp −inf, pass no gradient.

    查询多于键的因果情形：最前面的查询 logsumexp 为 −inf，不传递梯度，绝不是 NaN。
    """
    for lengths, block in (((8, 3), 2), ((7, 2), 4), ((5, 4), 8)):
        hold(trial, draw(trial, lengths, block=block, causal=True))


def check_large_logits(trial: Trial) -> None:
    """Scores of ten thousand, positive or negative, give finite, right gradients.

    分数达到正负一万时梯度有限且正确。
    """
    # With D = 16 the scale is exact, so whole numbers are not rounded.
    for sign in (1, -1):
        query, key = (trial.randint(52, 65, (2, n, 16)).double() for n in (5, 7))
        value, grad = trial.randn(2, 7, 3), trial.randn(2, 5, 3)
        for causal in (False, True):
            known = forward(sign * query, key, value, causal)
            inputs = [sign * query, key, value, *known, grad, 3, causal]
            hold(trial, inputs, logits=1e4, dtypes=(DOUBLE,))
            # A float32 logsumexp of this size is itself rounded, so only NaN is judged there.
            single = [x.float() if isinstance(x, torch.Tensor) else x for x in inputs]
            if not all(item.isfinite().all() for item in trial.function().candidate(*single)):
                trial.fail("A gradient is not finite in float32.", "float32 下有梯度不是有限值。")


def check_memory(trial: Trial) -> None:
    """No matrix of all scores is ever built: the memory of a call grows with the length only.

    从不构造完整的分数矩阵：一次调用的内存只随长度线性增长。
    """
    length = 4096  # a float32 matrix of all scores takes 64 MiB
    query, key, value, grad = (trial.randn(1, 1, length, 8).float() for _ in range(4))
    scores = query @ key.transpose(-2, -1) / 8**0.5
    scores = scores.masked_fill(torch.ones(length, length, dtype=torch.bool).triu(1), -math.inf)
    logsumexp, output = scores.logsumexp(-1), scores.softmax(-1) @ value
    arguments = (query, key, value, output, logsumexp, grad, 128, True)
    trial.function().memory_below(22 << 20, *arguments)
