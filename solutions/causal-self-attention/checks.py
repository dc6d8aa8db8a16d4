"""What a CausalSelfAttention must do: its parts one by one, then all at once."""

import math
from typing import Any

import torch

from grader.kit import Subject, Trial

ENTRY = "CausalSelfAttention"
DOUBLE = torch.float64


def stacked(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> dict[str, torch.Tensor]:
    """Weights of the layer from three (d_model, d_model) matrices; identity output, no biases."""
    width = query.shape[-1]
    return {
        "qkv_linear.weight": torch.cat([query, key, value]),
        "qkv_linear.bias": torch.zeros(3 * width, dtype=DOUBLE),
        "output_linear.weight": torch.eye(width, dtype=DOUBLE),
        "output_linear.bias": torch.zeros(width, dtype=DOUBLE),
    }


def unit(width: int) -> dict[str, torch.Tensor]:
    """Weights under which query, key, value and output are the identity."""
    eye = torch.eye(width, dtype=DOUBLE)
    return stacked(eye, eye, eye)


def shaped(trial: Trial, subject: Subject, *inputs: Any) -> Any:
    """The submission's outputs, once they have the number and the shapes of the reference's."""
    got, wanted = subject.candidate(*inputs), subject.reference(*inputs)
    if shapes(got) != shapes(wanted):
        subject.compare(*inputs, gradients=False)  # fails, and says how the shapes differ
        trial.fail("The shape of the result changes.", "两次调用的结果形状不同。")
    return got


def shapes(value: Any) -> Any:
    return [*map(shapes, value)] if isinstance(value, tuple) else getattr(value, "shape", None)


def example_two_tokens(trial: Trial) -> None:
    """Two tokens, two heads of width one, all projections the identity.

    两个词元、两个宽度为 1 的头，所有投影都是恒等映射。
    """
    trial.layer(2, 2, weights=unit(2)).show(x=torch.eye(2, dtype=DOUBLE)[None])


def check_parameters(trial: Trial) -> None:
    """The layer has qkv_linear (to 3 d_model) and output_linear with biases, and nothing else.

    该层只有 qkv_linear（输出 3 倍 d_model）和 output_linear，都带偏置，没有别的参数。
    """
    trial.layer(6, 2)


def check_indivisible_width(trial: Trial) -> None:
    """A d_model that num_heads does not divide raises ValueError.

    d_model 不能被 num_heads 整除时抛出 ValueError。
    """
    trial.raises(ValueError, trial.construct, 10, 3)
    trial.raises(ValueError, trial.construct, 4, 8)


def check_deterministic(trial: Trial) -> None:
    """The same input gives the same output every time: there is no dropout in this layer.

    同样的输入每次都得到同样的输出：这一层没有 dropout。
    """
    layer, x = trial.layer(12, 3), trial.randn(2, 70, 12)
    first, second = (shaped(trial, layer, x)[:, -1] for _ in range(2))
    trial.equal(second, first, ("last output of a second call", "第二次调用的最后一个输出"))


def check_single_token(trial: Trial) -> None:
    """A single token sees itself: the output is output_linear of the last third of qkv_linear.

    只有一个词元时它能看到自己：输出是 qkv_linear 的最后三分之一（值）经 output_linear 的结果。
    """
    for heads, width in trial.sizes((1, 3), (2, 3)):
        layer = trial.layer(heads * width, heads)
        layer.compare(trial.randn(1, 1, heads * width), gradients=False)


def check_batch_items_apart(trial: Trial) -> None:
    """The input is (batch, length, d_model): items of a batch do not see each other.

    输入是 (batch, length, d_model)：批内各样本互不可见。
    """
    for batch, length, heads, width in trial.sizes((3, 5, 2, 4), (4, 4, 1, 3)):
        x = trial.randn(batch, length, heads * width)
        trial.layer(heads * width, heads).batch_independent(x)


def check_past_visible(trial: Trial) -> None:
    """A position sees the ones before it: changing the first token changes the last output.

    每个位置都能看到前面的位置：改动第一个词元会改变最后一个输出。
    """
    layer, x = trial.layer(6, 2), trial.randn(2, 5, 6)
    moved = x.clone()
    moved[:, 0] += 1
    change = shaped(trial, layer, moved)[:, -1] - shaped(trial, layer, x)[:, -1]
    if not change.abs().max().item() > 1e-6:
        trial.fail(
            "Changing the first token does not change the last output.",
            "改动第一个词元，最后一个输出没有变化。",
        )


def check_softmax_over_keys(trial: Trial) -> None:
    """The weights of one query sum to one: the last position averages all values.

    同一个查询的权重之和为 1：最后一个位置对所有值做加权平均。
    """
    for length in (4, 7):
        # Equal queries and keys of width one; the last position sees everything in any case.
        weight = 0.5 + trial.rand(1, 1)
        layer = trial.layer(1, 1, weights=stacked(weight, weight, torch.ones(1, 1, dtype=DOUBLE)))
        x = trial.randn(3, length, 1)
        trial.equal(
            shaped(trial, layer, x)[:, -1],
            layer.reference(x)[:, -1],
            ("last output", "最后一个输出"),
        )


def check_heads_split_and_merged(trial: Trial) -> None:
    """Splitting into heads and merging them keeps every feature at its own position.

    拆分与合并各头之后，每个特征仍在自己的位置上。
    """
    for batch, length, heads, width in trial.sizes((2, 5, 3, 4), (1, 7, 2, 3)):
        model = heads * width
        zero = torch.zeros(model, model, dtype=DOUBLE)  # no queries: equal weights
        weights = stacked(zero, trial.randn(model, model), trial.randn(model, model))
        layer, x = trial.layer(model, heads, weights=weights), trial.randn(batch, length, model)
        trial.equal(
            shaped(trial, layer, x)[:, -1],
            layer.reference(x)[:, -1],
            ("last output", "最后一个输出"),
        )


def check_future_hidden(trial: Trial) -> None:
    """No position sees the ones after it: changing them leaves its output as it was.

    任何位置都看不到后面的位置：改动它们，前面的输出不变。
    """
    for heads, width, length in trial.sizes((2, 3, 6), (1, 4, 2)):
        layer, x = trial.layer(heads * width, heads), trial.randn(2, length, heads * width)
        before = shaped(trial, layer, x)
        for cut in range(1, length):
            moved = x.clone()
            moved[:, cut:] = trial.randn(2, length - cut, heads * width)
            after = shaped(trial, layer, moved)
            trial.equal(
                after[:, :cut],
                before[:, :cut],
                (f"output before position {cut}", f"位置 {cut} 之前的输出"),
            )


def check_query_before_key(trial: Trial) -> None:
    """The outputs of qkv_linear are query, key, value in that order.

    qkv_linear 的输出依次是查询、键、值。
    """
    rows = [0.5 + trial.rand(1, 1) for _ in range(3)]
    weights = stacked(*rows) | {"qkv_linear.bias": trial.randn(3)}
    trial.layer(1, 1, weights=weights).compare(trial.randn(3, 6, 1), gradients=False)


def check_scale(trial: Trial) -> None:
    """The scores are divided by the square root of the head dimension.

    分数要除以 head_dim 的平方根。
    """
    for width in (3, 10):
        trial.layer(width, 1).compare(trial.randn(2, 5, width), gradients=False)


def check_heads_apart(trial: Trial) -> None:
    """Head h owns the h-th consecutive slice of features: its query changes only that slice.

    第 h 个头占有第 h 段连续的特征：改动它的查询只影响这一段。
    """
    heads, width = 3, 4
    model = heads * width
    query, key, value = (trial.randn(model, model) for _ in range(3))
    changed = query.clone()
    changed[-width:] += trial.randn(width, model)
    x = trial.randn(2, 5, model)
    before, after = (
        shaped(trial, trial.layer(model, heads, weights=stacked(rows, key, value)), x)
        for rows in (query, changed)
    )
    trial.equal(
        after[..., :-width], before[..., :-width], ("features of the other heads", "其他头的特征")
    )


def check_scale_of_one_head(trial: Trial) -> None:
    """The scale comes from the width of one head, not from the width of the model.

    缩放取决于单个头的宽度，而不是整个模型的宽度。
    """
    for heads, width in trial.sizes((3, 4), (5, 2)):
        model = heads * width
        # Queries and keys alike in every feature, so that only the factor matters.
        query, key = (
            trial.randn(1, model, scale=1 / math.sqrt(width)).repeat(model, 1) for _ in range(2)
        )
        layer = trial.layer(model, heads, weights=stacked(query, key, trial.randn(model, model)))
        layer.compare(trial.randn(2, 5, model), gradients=False)


def check_values(trial: Trial) -> None:
    """The output agrees with the definition at all sizes, in float64 and float32.

    在各种尺寸下，float64 与 float32 的输出都与定义一致。
    """
    for batch, length, heads, width in trial.sizes((2, 5, 3, 4), (1, 7, 2, 6), (3, 4, 5, 1)):
        layer = trial.layer(heads * width, heads)
        layer.compare(trial.randn(batch, length, heads * width), gradients=False)


def check_other_lengths(trial: Trial) -> None:
    """One layer serves sequences of any length, one after the other, longer or shorter.

    同一个层可以先后处理任意长度的序列，可长可短。
    """
    layer = trial.layer(6, 2)
    for length in (4, 9, 2, 300):
        layer.compare(trial.randn(2, length, 6), gradients=False, dtypes=(DOUBLE,))


def check_gradients(trial: Trial) -> None:
    """The gradients of the input and of every parameter are those of the definition.

    输入和每个参数的梯度都与定义一致。
    """
    for batch, length, heads, width in trial.sizes((2, 6, 3, 4), (3, 1, 2, 5)):
        layer = trial.layer(heads * width, heads)
        layer.compare(trial.randn(batch, length, heads * width), dtypes=(torch.float64,))


def check_large_logits(trial: Trial) -> None:
    """Scores of ten thousand give finite, right weights: mask first, then a stable softmax.

    分数达到一万时权重依然有限且正确：先加掩码，再做数值稳定的 softmax。
    """
    heads, width = 2, 16  # 1/sqrt(16) is exact, so whole numbers are not rounded in float32
    model = heads * width
    shuffled = torch.eye(model, dtype=DOUBLE)[trial.permutation(model)]
    eye = torch.eye(model, dtype=DOUBLE)
    layer = trial.layer(model, heads, weights=stacked(eye, shuffled, eye))
    layer.compare(trial.randint(-100, 101, (2, 6, model)).double(), logits=1e4)


def check_large_negative_logits(trial: Trial) -> None:
    """The future stays hidden even when every score of the past is below minus ten thousand.

    即使过去的分数都低于负一万，未来仍然不可见。
    """
    heads, width = 2, 16
    eye = torch.eye(heads * width, dtype=DOUBLE)
    layer = trial.layer(heads * width, heads, weights=stacked(eye, -eye, eye))
    x = trial.randint(52, 65, (2, 5, heads * width)).double()
    layer.compare(x, logits=1e4)
    x[:, 1::2] *= -1  # now the future has scores of plus ten thousand
    layer.compare(x, gradients=False, logits=1e4)


def check_same_in_evaluation(trial: Trial) -> None:
    """The layer gives the same after eval(): nothing here is for training alone.

    调用 eval() 之后结果不变：这里没有只在训练时才做的事。
    """
    layer = trial.layer(6, 2)
    layer.method("eval").candidate()
    layer.compare(trial.randn(2, 5, 6), gradients=False, dtypes=(DOUBLE,))
