"""What a SelfAttention must do, from special cases to the general one."""

import math
from typing import Any

import torch

from grader.kit import Subject, Trial

ENTRY = "SelfAttention"
LAYERS = ("query_linear", "key_linear", "value_linear")


def unit(width: int) -> dict[str, torch.Tensor]:
    """Weights under which query, key and value are the input itself."""
    weights = {f"{name}.weight": torch.eye(width, dtype=torch.float64) for name in LAYERS}
    return weights | {f"{name}.bias": torch.zeros(width, dtype=torch.float64) for name in LAYERS}


def uniform(width: int) -> dict[str, torch.Tensor]:
    """Zero queries: every score is 0, every weight 1 / length."""
    return {
        "query_linear.weight": torch.zeros(width, width, dtype=torch.float64),
        "query_linear.bias": torch.zeros(width, dtype=torch.float64),
    }


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
    """Two tokens, one head, all projections the identity.

    两个词元、一个头，所有投影都是恒等映射。
    """
    layer = trial.layer(2, 1, weights=unit(2))
    layer.show(x=torch.eye(2, dtype=torch.float64)[None])


def example_two_heads(trial: Trial) -> None:
    """Three tokens, two heads of width one: each head reads one feature.

    三个词元、两个宽度为 1 的头：每个头只读一个特征。
    """
    layer = trial.layer(2, 2, weights=unit(2))
    layer.show(x=torch.tensor([[[1.0, 0.0], [0.0, 2.0], [1.0, 1.0]]], dtype=torch.float64))


def check_parameters(trial: Trial) -> None:
    """The layer has query_linear, key_linear and value_linear with biases, and nothing else.

    该层只有 query_linear、key_linear、value_linear，都带偏置，没有别的参数。
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
    layer = trial.layer(12, 3)
    x = trial.randn(2, 17, 12)
    trial.equal(shaped(trial, layer, x), shaped(trial, layer, x), ("second call", "第二次调用"))


def check_batch_items_apart(trial: Trial) -> None:
    """The input is (batch, length, d_model): items of a batch do not see each other.

    输入是 (batch, length, d_model)：批内各样本互不可见。
    """
    for batch, length, heads, width in trial.sizes((3, 5, 2, 4), (4, 4, 1, 3)):
        layer = trial.layer(heads * width, heads)
        layer.batch_independent(trial.randn(batch, length, heads * width))


def check_single_token(trial: Trial) -> None:
    """A single token attends to itself alone: the output is its projection by value_linear.

    只有一个词元时它只能注意自己：输出就是它经 value_linear 的投影。
    """
    for batch, width in trial.sizes((1, 3), (4, 5)):
        layer = trial.layer(width, 1)
        layer.compare(trial.randn(batch, 1, width), gradients=False)


def check_every_position_visible(trial: Trial) -> None:
    """Nothing is masked: with equal scores every position gets the same average of them all.

    没有任何掩码：分数全部相等时，每个位置得到的都是同一个全体平均。
    """
    layer = trial.layer(5, 1, weights=uniform(5))
    output = shaped(trial, layer, trial.randn(2, 6, 5))
    trial.equal(output, output[:, :1].expand_as(output))


def check_softmax_over_keys(trial: Trial) -> None:
    """The weights of one query over all keys sum to one: the softmax runs over the keys.

    同一个查询对所有键的权重之和为 1：softmax 沿键的维度归一化。
    """
    for length in (4, 7):
        weight, bias = 0.5 + trial.rand(1, 1), trial.randn(1)
        same = {f"{name}.weight": weight for name in LAYERS[:2]}
        same |= {f"{name}.bias": bias for name in LAYERS[:2]}
        layer = trial.layer(1, 1, weights=same)
        layer.compare(trial.randn(3, length, 1), gradients=False)


def check_own_projections(trial: Trial) -> None:
    """Queries, keys and values each come from the layer of their own name.

    查询、键、值分别来自与其同名的层。
    """
    weights = {f"{name}.weight": 0.5 + trial.rand(1, 1) for name in LAYERS}
    layer = trial.layer(1, 1, weights=weights)
    layer.compare(trial.randn(3, 6, 1), gradients=False)


def check_scale(trial: Trial) -> None:
    """The scores are divided by the square root of the head dimension.

    分数要除以 head_dim 的平方根。
    """
    for width in (3, 10):
        layer = trial.layer(width, 1)
        layer.compare(trial.randn(2, 5, width), gradients=False)


def check_heads_split_and_merged(trial: Trial) -> None:
    """Splitting into heads and merging them keeps every feature at its own position.

    拆分与合并各头之后，每个特征仍在自己的位置上。
    """
    for batch, length, heads, width in trial.sizes((2, 5, 3, 4), (1, 7, 2, 3)):
        layer = trial.layer(heads * width, heads, weights=uniform(heads * width))
        layer.compare(trial.randn(batch, length, heads * width), gradients=False)


def check_heads_apart(trial: Trial) -> None:
    """Head h owns the h-th consecutive slice of features: its query changes only that slice.

    第 h 个头占有第 h 段连续的特征：改动它的查询只影响这一段输出。
    """
    heads, width = 3, 4
    model = heads * width
    weight, bias, x = trial.randn(model, model), trial.randn(model), trial.randn(2, 5, model)
    shared = {f"{name}.weight": trial.randn(model, model) for name in LAYERS[1:]}
    shared |= {f"{name}.bias": trial.randn(model) for name in LAYERS[1:]}
    changed = weight.clone()
    changed[-width:] += trial.randn(width, model)
    shared |= {"query_linear.weight": weight, "query_linear.bias": bias}
    before = shaped(trial, trial.layer(model, heads, weights=shared), x)
    shared["query_linear.weight"] = changed
    after = shaped(trial, trial.layer(model, heads, weights=shared), x)
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
        alike = {
            f"{name}.weight": trial.randn(1, model, scale=1 / math.sqrt(width)).expand(model, -1)
            for name in LAYERS[:2]
        } | {f"{name}.bias": trial.randn(1).expand(model) for name in LAYERS[:2]}
        layer = trial.layer(model, heads, weights={k: v.clone() for k, v in alike.items()})
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
    for length in (4, 9, 2, 200):
        layer.compare(trial.randn(1, length, 6), gradients=False, dtypes=(torch.float64,))


def check_gradients(trial: Trial) -> None:
    """The gradients of the input and of every parameter are those of the definition.

    输入和每个参数的梯度都与定义一致。
    """
    for batch, length, heads, width in trial.sizes((2, 6, 3, 4), (3, 1, 2, 5)):
        layer = trial.layer(heads * width, heads)
        layer.compare(trial.randn(batch, length, heads * width), dtypes=(torch.float64,))


def check_large_logits(trial: Trial) -> None:
    """Scores of ten thousand give finite, right weights: the softmax subtracts the maximum.

    分数达到一万时权重依然有限且正确：softmax 要先减去最大值。
    """
    heads, width = 2, 16  # 1/sqrt(16) is exact, so whole numbers are not rounded in float32
    model = heads * width
    shuffled = torch.eye(model, dtype=torch.float64)[trial.permutation(model)]
    layer = trial.layer(model, heads, weights=unit(model) | {"key_linear.weight": shuffled})
    x = trial.randint(-100, 101, (2, 6, model)).double()
    layer.compare(x, logits=1e4)


def check_same_in_evaluation(trial: Trial) -> None:
    """The layer gives the same after eval(): nothing here is for training alone.

    调用 eval() 之后结果不变：这里没有只在训练时才做的事。
    """
    layer = trial.layer(6, 2)
    layer.method("eval").candidate()
    layer.compare(trial.randn(2, 5, 6), gradients=False, dtypes=(torch.float64,))
