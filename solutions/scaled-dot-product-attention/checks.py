"""What scaled dot-product attention must do: its parts one by one, then all at once."""

from typing import Any

import torch

from grader.kit import Subject, Trial

ENTRY = "scaled_dot_product_attention"
NAMES = ("output", "weights")


def draw(
    trial: Trial, leading: tuple[int, ...], queries: int, keys: int, dim: int, value_dim: int
) -> list[torch.Tensor]:
    return [
        trial.randn(*leading, queries, dim),
        trial.randn(*leading, keys, dim),
        trial.randn(*leading, keys, value_dim),
    ]


def shaped(trial: Trial, subject: Subject, *inputs: Any) -> Any:
    """The submission's outputs, once they have the number and the shapes of the reference's."""
    got, wanted = subject.candidate(*inputs), subject.reference(*inputs)
    if shapes(got) != shapes(wanted):
        subject.compare(*inputs, gradients=False)  # fails, and says how the shapes differ
        trial.fail("The shape of the result changes.", "两次调用的结果形状不同。")
    return got


def shapes(value: Any) -> Any:
    return [*map(shapes, value)] if isinstance(value, tuple) else getattr(value, "shape", None)


def example_two_keys(trial: Trial) -> None:
    """Two queries, two keys, head dimension one: scores need no calculator.

    两个查询、两个键，head_dim 为 1：分数可以心算。
    """
    column = torch.tensor([[0.0], [1.0]], dtype=torch.float64)
    value = torch.eye(2, dtype=torch.float64)
    trial.function().show(query=column, key=column, value=value)


def example_masked(trial: Trial) -> None:
    """The first query sees only the first key, the second query sees nothing.

    第一个查询只能看到第一个键，第二个查询什么也看不到。
    """
    x = torch.eye(2, dtype=torch.float64)
    value = torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64)
    mask = torch.tensor([[True, False], [False, False]])
    trial.function().show(query=x, key=x, value=value, mask=mask)


def check_returns_output_and_weights(trial: Trial) -> None:
    """The function returns the pair (output, weights), in this order.

    函数返回二元组 (output, weights)，顺序如此。
    """
    # A single key: the weights are one and the output is the value.
    query, key, value = draw(trial, (2, 1), 1, 1, 5, 4)
    output, weights = shaped(trial, trial.function(), query, key, value)
    trial.equal(output, value, "output")
    trial.equal(weights, torch.ones(2, 1, 1, 1, dtype=torch.float64), "weights")


def check_inputs_untouched(trial: Trial) -> None:
    """The inputs are not modified: the query, say, is not scaled in place.

    不修改输入：例如不在原地缩放 query。
    """
    trial.function().compare(*draw(trial, (2, 1), 1, 1, 5, 4), gradients=False, names=NAMES)


def check_softmax_over_keys(trial: Trial) -> None:
    """The weights of one query over all keys sum to one: the softmax runs over the keys.

    同一个查询对所有键的权重之和为 1：softmax 沿键的维度归一化。
    """
    for queries, keys in trial.sizes((3, 5), (4, 4), (5, 2)):
        weights = shaped(trial, trial.function(), *draw(trial, (2, 3), queries, keys, 1, 2))[1]
        ones = torch.ones(2, 3, queries, dtype=torch.float64)
        trial.equal(weights.sum(-1), ones, ("sum of each query's weights", "每个查询的权重之和"))


def check_scale(trial: Trial) -> None:
    """The scores are divided by the square root of the head dimension, that of query and key.

    分数要除以 head_dim 的平方根，即查询与键的最后一维。
    """
    for dim, value_dim in trial.sizes((1, 4), (3, 7), (10, 2)):
        inputs = draw(trial, (2, 3), 4, 6, dim, value_dim)
        trial.function().compare(*inputs, gradients=False, names=NAMES)


def check_leading_dimensions(trial: Trial) -> None:
    """Any number of leading dimensions works, none included.

    前面的维度数目任意，没有也可以。
    """
    for leading in ((), (3,), (2, 3), (2, 1, 3)):
        inputs = draw(trial, leading, 4, 5, 3, 6)
        trial.function().compare(*inputs, gradients=False, names=NAMES)


def check_mask_shapes(trial: Trial) -> None:
    """The mask may be None or have any shape that broadcasts to (..., Lq, Lk).

    mask 可以是 None，也可以是任何能广播到 (..., Lq, Lk) 的形状。
    """
    batch, heads, queries, keys = 2, 3, 4, 5
    attend, inputs = trial.function(), draw(trial, (batch, heads), queries, keys, 3, 6)
    for shape in trial.sizes(
        (queries, keys),
        (1, keys),
        (batch, 1, 1, keys),
        (batch, 1, queries, keys),
        (heads, 1, keys),
        (batch, heads, queries, keys),
    ):
        shaped(trial, attend, *inputs, trial.mask(*shape))
    attend.compare(*inputs, None, gradients=False, names=NAMES)


def check_true_may_attend(trial: Trial) -> None:
    """True in the mask means "may attend": those keys get weight.

    mask 中 True 表示“可以注意”：这些键会分到权重。
    """
    mask = trial.mask(2, 3, 4, 6)
    weights = shaped(trial, trial.function(), *draw(trial, (2, 3), 4, 6, 2, 5), mask)[1]
    if not (weights[mask] > 0).all():
        trial.fail("A key that the mask allows has weight 0.", "掩码允许的键权重为 0。")


def check_false_may_not_attend(trial: Trial) -> None:
    """False in the mask means weight exactly zero.

    mask 中 False 的位置权重恰好为零。
    """
    mask = trial.mask(2, 3, 4, 6)
    weights = shaped(trial, trial.function(), *draw(trial, (2, 3), 4, 6, 2, 5), mask)[1]
    zeros = torch.zeros(int((~mask).sum()), dtype=torch.float64)
    trial.equal(weights[~mask], zeros, ("weights of masked keys", "被掩蔽的键的权重"), tolerance=0)


def check_mask_before_softmax(trial: Trial) -> None:
    """The mask acts before the softmax: the weights of the allowed keys still sum to one.

    掩码在 softmax 之前起作用：允许的键的权重之和仍为 1。
    """
    weights = trial.function().candidate(*draw(trial, (3,), 4, 6, 2, 5), trial.mask(3, 4, 6))[1]
    trial.equal(
        weights.sum(-1),
        torch.ones(3, 4, dtype=torch.float64),
        ("sum of each query's weights", "每个查询的权重之和"),
    )


def check_masked_values(trial: Trial) -> None:
    """Output and weights agree with the definition for masks of every broadcastable shape.

    对各种可广播的掩码形状，输出与权重都与定义一致。
    """
    batch, heads, queries, keys = 2, 3, 4, 6
    inputs = draw(trial, (batch, heads), queries, keys, 5, 7)
    for shape in trial.sizes((queries, keys), (batch, 1, 1, keys), (batch, heads, queries, keys)):
        mask = trial.mask(*shape)
        trial.function().compare(*inputs, mask, gradients=False, names=NAMES)
    inputs = draw(trial, (2, 3), 5, 5, 4, 4)
    mask = trial.mask(2, 1, 5, 5)
    mask[0, :, :, 3], mask[0, :, :, 0] = False, True  # one key is hidden from every query
    trial.function().compare(*inputs, mask, gradients=False, names=NAMES)


def check_mask_of_few_axes(trial: Trial) -> None:
    """The mask may have one axis or none, or one entry a query, with any leading dimensions.

    mask 可以只有一维甚至零维，也可以每个查询一个元素，不论前面有几个维度。
    """
    for leading in ((), (2, 3)):
        inputs = draw(trial, leading, 4, 6, 5, 7)
        by_query = trial.permutation(4)[:, None] > 1  # two queries may attend to nothing
        for mask in (trial.mask(4, 6), trial.mask(6), by_query, torch.tensor(True)):
            trial.function().compare(
                *inputs, mask, gradients=False, names=NAMES, dtypes=(torch.float64,)
            )


def check_long(trial: Trial) -> None:
    """Nothing depends on the number of keys: hundreds of them are attended to all alike.

    结果与键的个数无关：几百个键同样逐一参与。
    """
    inputs, mask = draw(trial, (), 70, 150, 4, 3), trial.mask(70, 150)
    trial.function().compare(*inputs, mask, dtypes=(torch.float64,), names=NAMES)


def check_gradients(trial: Trial) -> None:
    """The gradients of query, key and value are right, through the output and the weights.

    query、key、value 的梯度正确，经由输出和权重的都算在内。
    """
    for leading, queries, keys in (((2, 3), 4, 6), ((), 5, 1), ((1,), 1, 4)):
        inputs = draw(trial, leading, queries, keys, 5, 2)
        trial.function().compare(*inputs, dtypes=(torch.float64,), names=NAMES)
    inputs = draw(trial, (2, 3), 4, 6, 5, 2)
    mask = trial.mask(2, 1, 4, 6)
    trial.function().compare(*inputs, mask, dtypes=(torch.float64,), names=NAMES)


def empty_rows(trial: Trial) -> list[torch.Tensor]:
    mask = trial.mask(3, 1, 4, 5)
    mask[0], mask[1, :, 2] = False, False
    return [*draw(trial, (3, 2), 4, 5, 6, 2), mask]


def check_nothing_to_attend(trial: Trial) -> None:
    """A query that may attend to nothing gets zeros, as output and as weights, and never NaN.

    一个键都不能注意的查询，其输出与权重都是零，绝不是 NaN。
    """
    trial.function().compare(*empty_rows(trial), gradients=False, names=NAMES)


def check_nothing_to_attend_gradients(trial: Trial) -> None:
    """A query that may attend to nothing passes no gradient, and never NaN.

    一个键都不能注意的查询不传递梯度，更不会传出 NaN。
    """
    trial.function().compare(*empty_rows(trial), dtypes=(torch.float64,), names=NAMES)
    nothing = torch.zeros(5, dtype=torch.bool)
    by_query = torch.tensor([[True], [False], [True], [False]])  # of a single key
    for keys, mask in ((5, nothing), (1, by_query)):
        inputs = draw(trial, (2,), 4, keys, 6, 2)
        trial.function().compare(*inputs, mask, dtypes=(torch.float64,), names=NAMES)


def check_large_logits(trial: Trial) -> None:
    """Scores of ten thousand give finite, right weights: the softmax subtracts the maximum.

    分数达到一万时权重依然有限且正确：softmax 要先减去最大值。
    """
    # With D = 16 the scale is exact, so whole numbers are not rounded in float32.
    query, key = (trial.randint(-100, 101, (2, n, 16)).double() for n in (4, 6))
    trial.function().compare(query, key, trial.randn(2, 6, 3), names=NAMES, logits=1e4)


def check_large_masked_logits(trial: Trial) -> None:
    """A masked key stays out even when every allowed score is below minus ten thousand.

    即使所有允许的分数都低于负一万，被掩蔽的键也不能参与。
    """
    query = torch.full((2, 3, 16), 40.0, dtype=torch.float64)
    key = -trial.randint(70, 100, (2, 5, 16)).double()
    mask = trial.mask(2, 3, 5)
    trial.function().compare(query, key, trial.randn(2, 5, 4), mask, names=NAMES, logits=1e4)
