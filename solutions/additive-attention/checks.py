"""What additive attention must do: its parts one by one, the masks, then everything at once."""

from typing import Any

import torch

from grader.kit import Subject, Trial

ENTRY = "AdditiveAttention"
NAMES = ("context", "weights")
DOUBLE = torch.float64
ANY = 1e6  # a tolerance that leaves shape, dtype and the inputs to be judged


def draw(trial: Trial, batch: int, length: int, query: int, key: int) -> list[torch.Tensor]:
    return [trial.randn(batch, query), trial.randn(batch, length, key)]


def hold(subject: Subject, *inputs: Any, gradients: bool = False, **options: Any) -> None:
    subject.compare(*inputs, gradients=gradients, names=NAMES, **options)


def shaped(subject: Subject, *inputs: Any) -> Any:
    """The submission's results, once there are two with the shapes of the reference's."""
    got, wanted = subject.candidate(*inputs), subject.reference(*inputs)
    shapes = [getattr(leaf, "shape", None) for leaf in got] if isinstance(got, tuple) else []
    if shapes != [leaf.shape for leaf in wanted]:
        hold(subject, *inputs)  # fails, and says how the shapes differ
    return got


def scalar(trial: Trial) -> Subject:
    """A layer of widths one whose weights are positive."""
    names = ("query_linear", "key_linear", "score_linear")
    weights = {f"{name}.weight": 0.5 + trial.rand(1, 1) for name in names}
    return trial.layer(1, 1, 1, weights=weights)


def example_two_keys(trial: Trial) -> None:
    """Widths one, all weights one: the scores are tanh(0) and tanh(1).

    各宽度为 1，所有权重为 1：分数是 tanh(0) 与 tanh(1)。
    """
    names = ("query_linear", "key_linear", "score_linear")
    layer = trial.layer(1, 1, 1, weights={f"{n}.weight": torch.ones(1, 1).double() for n in names})
    keys = torch.tensor([[[0.0], [1.0]]], dtype=DOUBLE)
    layer.show(query=torch.zeros(1, 1, dtype=DOUBLE), keys=keys)


def example_masked_key(trial: Trial) -> None:
    """The same with the first key masked, and once more with both masked.

    同样的输入，先屏蔽第一个键，再把两个键都屏蔽。
    """
    names = ("query_linear", "key_linear", "score_linear")
    layer = trial.layer(1, 1, 1, weights={f"{n}.weight": torch.ones(1, 1).double() for n in names})
    keys = torch.tensor([[[0.0], [1.0]]], dtype=DOUBLE).repeat(2, 1, 1)
    mask = torch.tensor([[False, True], [False, False]])
    layer.show(query=torch.zeros(2, 1, dtype=DOUBLE), keys=keys, mask=mask)


def check_parameters(trial: Trial) -> None:
    """The layer has query_linear, key_linear and score_linear without biases, and nothing else.

    该层只有 query_linear、key_linear 和 score_linear，都不带偏置。
    """
    trial.layer(3, 5, 4)
    trial.layer(6, 2, 1)


def check_returns_context_and_weights(trial: Trial) -> None:
    """Returns context (B, key_dim) and weights (B, L), in this order; inputs are not modified.

    依次返回上下文 (B, key_dim) 与权重 (B, L)；不修改输入。
    """
    for dims in ((3, 4, 4), (5, 2, 2)):
        layer = trial.layer(*dims)
        hold(layer, *draw(trial, 2, 7, *dims[:2]), tolerance=ANY)


def check_one_item(trial: Trial) -> None:
    """A batch of one, and one key: no dimension disappears.

    批次大小为 1，或只有一个键时，没有维度消失。
    """
    for batch, length in ((1, 4), (3, 1), (1, 1)):
        shaped(trial.layer(3, 4, 4), *draw(trial, batch, length, 3, 4))


def check_softmax_over_keys(trial: Trial) -> None:
    """The weights of each item sum to one over its keys.

    每个样本的权重沿键求和为 1。
    """
    for batch, length in ((3, 5), (4, 2)):
        _, weights = shaped(trial.layer(2, 4, 4), *draw(trial, batch, length, 2, 4))
        trial.equal(
            weights.sum(-1), torch.ones(batch, dtype=DOUBLE), ("sum of the weights", "权重之和")
        )
        if not (weights > 0).all():
            trial.fail("A key that nothing hides has weight 0.", "没有屏蔽的键权重为 0。")


def check_context_from_keys(trial: Trial) -> None:
    """The context is the weighted sum of the keys themselves, not of their projections.

    上下文是键本身的加权和，而不是投影之后的键。
    """
    query, keys = draw(trial, 2, 5, 3, 4)
    context, weights = shaped(trial.layer(3, 4, 4), query, keys)
    trial.equal(
        context,
        (weights[..., None] * keys).sum(1),
        ("context, given the weights", "由权重算出的 context"),
    )


def check_single_key(trial: Trial) -> None:
    """A single key has weight 1, and the context is the key itself.

    只有一个键时权重为 1，上下文就是这个键本身。
    """
    hold(trial.layer(3, 5, 4), *draw(trial, 2, 1, 3, 5))


def check_score_of_one_unit(trial: Trial) -> None:
    """The score is score_linear(tanh(query_linear(query) + key_linear(key))).

    分数为 score_linear(tanh(query_linear(query) + key_linear(key)))。
    """
    for _ in range(2):
        hold(scalar(trial), *draw(trial, 3, 6, 1, 1))


def check_no_scale(trial: Trial) -> None:
    """All hidden units are added up by score_linear, without any scale.

    所有隐藏单元由 score_linear 相加，不做任何缩放。
    """
    for hidden in (2, 9):
        hold(trial.layer(1, 1, hidden), *draw(trial, 2, 5, 1, 1))


def check_values(trial: Trial) -> None:
    """Context and weights agree with the definition at all sizes, in float64 and float32.

    在各种尺寸下，float64 与 float32 的上下文和权重都与定义一致。
    """
    for batch, length, dims in ((2, 7, (3, 5, 4)), (1, 6, (5, 2, 3)), (3, 1, (2, 4, 6))):
        hold(trial.layer(*dims), *draw(trial, batch, length, *dims[:2]))


def check_items_apart(trial: Trial) -> None:
    """Every item of the batch reads its own keys with its own query.

    批次中每个样本只用自己的查询读取自己的键。
    """
    query, keys = draw(trial, 3, 4, 2, 5)
    layer = trial.layer(2, 5, 3)
    shaped(layer, query, keys)
    layer.batch_independent(query, keys)


def check_gradients(trial: Trial) -> None:
    """The gradients of the query, the keys and every parameter are right, through both results.

    query、keys 和每个参数的梯度正确，经由两个返回值的都算在内。
    """
    for batch, length, dims in ((2, 6, (3, 5, 4)), (1, 1, (2, 3, 4))):
        inputs = draw(trial, batch, length, *dims[:2])
        hold(trial.layer(*dims), *inputs, gradients=True, dtypes=(DOUBLE,))


def masked_case(trial: Trial) -> tuple[Subject, list[torch.Tensor], torch.Tensor]:
    return trial.layer(3, 5, 4), draw(trial, 4, 6, 3, 5), trial.mask(4, 6)


def check_mask_is_optional(trial: Trial) -> None:
    """The mask is (B, L), or None, which hides nothing.

    mask 的形状为 (B, L)；也可以是 None，即什么都不屏蔽。
    """
    layer, inputs, mask = masked_case(trial)
    shaped(layer, *inputs, mask)
    hold(layer, *inputs, None)


def check_true_may_attend(trial: Trial) -> None:
    """True means "may attend": those keys get weight.

    True 表示“可以注意”：这些键会分到权重。
    """
    layer, inputs, mask = masked_case(trial)
    _, weights = shaped(layer, *inputs, mask)
    if not (weights[mask] > 0).all():
        trial.fail("A key that the mask allows has weight 0.", "掩码允许的键权重为 0。")


def check_false_may_not_attend(trial: Trial) -> None:
    """False means weight exactly zero.

    False 的位置权重恰好为零。
    """
    layer, inputs, mask = masked_case(trial)
    _, weights = shaped(layer, *inputs, mask)
    zeros = torch.zeros(int((~mask).sum()), dtype=DOUBLE)
    trial.equal(weights[~mask], zeros, ("weights of masked keys", "被掩蔽的键的权重"), tolerance=0)


def check_mask_before_softmax(trial: Trial) -> None:
    """The mask acts before the softmax: the weights of the allowed keys still sum to one.

    掩码在 softmax 之前起作用：允许的键的权重之和仍为 1。
    """
    layer, inputs, mask = masked_case(trial)
    _, weights = shaped(layer, *inputs, mask)
    trial.equal(weights.sum(-1), torch.ones(4, dtype=DOUBLE), ("sum of the weights", "权重之和"))


def check_masked_values(trial: Trial) -> None:
    """Context, weights and gradients agree with the definition under a mask.

    有掩码时，上下文、权重与梯度都与定义一致。
    """
    layer, inputs, mask = masked_case(trial)
    hold(layer, *inputs, mask, gradients=True)
    hold(trial.layer(3, 5, 4), *draw(trial, 1, 6, 3, 5), trial.mask(1, 6))


def check_equal_sizes(trial: Trial) -> None:
    """Sizes that happen to be equal are not confused: as many keys as items, query as wide as key.

    尺寸恰好相等时不会混淆：键数等于批大小，query 与 key 同宽。
    """
    layer, inputs = trial.layer(4, 4, 4), draw(trial, 4, 4, 4, 4)
    hold(layer, *inputs, gradients=True, dtypes=(DOUBLE,))
    hold(layer, *inputs, trial.mask(4, 4), gradients=True, dtypes=(DOUBLE,))


def check_nothing_to_attend(trial: Trial) -> None:
    """An item all of whose keys are masked gets zeros, as context and weights, never NaN.

    所有键都被屏蔽的样本，上下文与权重都是零，绝不是 NaN。
    """
    layer, inputs, mask = masked_case(trial)
    mask[1] = False
    hold(layer, *inputs, mask)
    hold(layer, *inputs, torch.zeros_like(mask))


def check_nothing_to_attend_gradients(trial: Trial) -> None:
    """An item all of whose keys are masked passes no gradient, and never NaN.

    所有键都被屏蔽的样本不传递梯度，更不会传出 NaN。
    """
    layer, inputs, mask = masked_case(trial)
    mask[1] = False
    hold(layer, *inputs, mask, gradients=True, dtypes=(DOUBLE,))


def steep(trial: Trial) -> Subject:
    """Scores of up to ten thousand: score_linear is that large."""
    return trial.layer(
        2, 3, 4, weights={"score_linear.weight": torch.full((1, 4), 2500.0).double()}
    )


def check_large_logits(trial: Trial) -> None:
    """Scores of ten thousand, positive or negative, give finite, right weights.

    分数达到正负一万时，权重依然有限且正确。
    """
    query, keys = draw(trial, 3, 5, 2, 3)
    hold(steep(trial), query, keys, logits=1e4)
    near = torch.ones(1, 1, dtype=DOUBLE)
    for sign in (1, -1):
        # Keys of nearly the same score, all near plus or minus ten thousand.
        weights = {"query_linear.weight": near, "key_linear.weight": 1e-4 * near}
        layer = trial.layer(1, 1, 1, weights=weights | {"score_linear.weight": sign * 1.3e4 * near})
        hold(layer, near.repeat(2, 1), trial.randn(2, 5, 1), logits=1e4)


def check_large_masked_logits(trial: Trial) -> None:
    """A masked key stays out, however low the allowed scores are and however high its own is.

    无论允许的分数多低、被屏蔽的键自己的分数多高，它都不能参与。
    """
    one = torch.ones(1, 1, dtype=DOUBLE)
    weights = {"query_linear.weight": 3 * one, "key_linear.weight": 1e-3 * one}
    layer = trial.layer(1, 1, 1, weights=weights | {"score_linear.weight": -1.3e4 * one})
    mask = trial.mask(3, 5)
    hold(layer, one.repeat(3, 1), trial.randn(3, 5, 1), mask, logits=1e4)
    # Masked keys score ten thousand, the others minus seven thousand, nearly alike.
    names = ("query_linear", "key_linear")
    weights = {f"{n}.weight": one for n in names} | {"score_linear.weight": 1e4 * one}
    low, high = 1e-4 * trial.randn(3, 5) - 1, torch.full((3, 5), 9.0, dtype=DOUBLE)
    keys = torch.where(mask, low, high)[..., None]
    layer = trial.layer(1, 1, 1, weights=weights)
    hold(layer, 0 * one.repeat(3, 1), keys, mask, logits=1e4)
