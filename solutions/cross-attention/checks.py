"""What a CrossAttention must do: its parts one by one, then everything at once."""

import math
from typing import Any

import torch

from grader.kit import Subject, Trial

ENTRY = "CrossAttention"
DOUBLE = torch.float64
PROJECTIONS = ("query_linear", "key_linear", "value_linear")
LAYERS = (*PROJECTIONS, "output_linear")


def unit(width: int) -> dict[str, torch.Tensor]:
    """Weights under which every layer is the identity, for equal widths."""
    weights = {f"{name}.weight": torch.eye(width, dtype=DOUBLE) for name in LAYERS}
    return weights | {f"{name}.bias": torch.zeros(width, dtype=DOUBLE) for name in LAYERS}


def draw(
    trial: Trial, batch: int, lengths: tuple[int, int], model: int, context: int
) -> list[torch.Tensor]:
    """x of the first length and a context of the second."""
    return [trial.randn(batch, lengths[0], model), trial.randn(batch, lengths[1], context)]


def shaped(trial: Trial, subject: Subject, *inputs: Any) -> Any:
    """The submission's outputs, once they have the number and the shapes of the reference's."""
    got, wanted = subject.candidate(*inputs), subject.reference(*inputs)
    if shapes(got) != shapes(wanted):
        subject.compare(*inputs, gradients=False)  # fails, and says how the shapes differ
        trial.fail("The shape of the result changes.", "两次调用的结果形状不同。")
    return got


def shapes(value: Any) -> Any:
    return [*map(shapes, value)] if isinstance(value, tuple) else getattr(value, "shape", None)


def example_two_contexts(trial: Trial) -> None:
    """One query reads a context of two tokens; all layers are the identity.

    一个查询读取两个词元的上下文；所有线性层都是恒等映射。
    """
    context = torch.tensor([[[1.0, 0.0], [0.0, 2.0]]], dtype=DOUBLE)
    trial.layer(2, 2, 1, weights=unit(2)).show(x=context[:, :1], context=context)


def example_masked_context(trial: Trial) -> None:
    """The second token of the context is padding.

    上下文的第二个词元是填充。
    """
    context = torch.tensor([[[1.0, 0.0], [0.0, 2.0]]], dtype=DOUBLE)
    mask = torch.tensor([[True, False]])
    layer = trial.layer(2, 2, 1, weights=unit(2))
    layer.show(x=context[:, 1:], context=context, context_mask=mask)


def check_parameters(trial: Trial) -> None:
    """key_linear and value_linear map context_dim to d_model, the others d_model; all have biases.

    key_linear、value_linear 从 context_dim 映射到 d_model，另两层保持 d_model；都带偏置。
    """
    trial.layer(6, 4, 2)
    trial.layer(4, 10, 2)


def check_indivisible_width(trial: Trial) -> None:
    """A d_model that num_heads does not divide raises ValueError; context_dim may be anything.

    d_model 不能被 num_heads 整除时抛出 ValueError；context_dim 无须整除。
    """
    trial.raises(ValueError, trial.construct, 10, 6, 3)
    trial.raises(ValueError, trial.construct, 4, 8, 8)
    trial.layer(6, 5, 3)


def check_single_key(trial: Trial) -> None:
    """With a context of one token the output is output_linear(value_linear(context)).

    上下文只有一个词元时，输出就是 output_linear(value_linear(context))。
    """
    for batch, heads, model, context in trial.sizes((1, 1, 3, 5), (4, 2, 6, 4)):
        layer = trial.layer(model, context, heads)
        layer.compare(*draw(trial, batch, (1, 1), model, context), gradients=False)


def check_softmax_over_keys(trial: Trial) -> None:
    """The weights of one query over the context sum to one: the softmax runs over the context.

    每个查询对上下文的权重之和为 1：softmax 沿上下文的维度归一化。
    """
    for length in (4, 7):
        # One head of width one, queries equal to keys: nothing else can go wrong here.
        same = {f"{name}.weight": 0.5 + trial.rand(1, 1) for name in LAYERS}
        same["key_linear.weight"] = same["query_linear.weight"]
        same |= {f"{name}.bias": torch.zeros(1, dtype=DOUBLE) for name in LAYERS}
        x = trial.randn(2, length, 1)
        trial.layer(1, 1, 1, weights=same).compare(x, x, gradients=False)


def check_x_asks(trial: Trial) -> None:
    """Queries come from x: changing one position of x changes that position's output alone.

    查询来自 x：改动 x 的一个位置，只影响该位置的输出。
    """
    layer, (x, context) = trial.layer(6, 6, 1), draw(trial, 2, (5, 5), 6, 6)
    moved = x.clone()
    moved[:, 0] += 1
    before, after = shaped(trial, layer, x, context), shaped(trial, layer, moved, context)
    trial.equal(after[:, 1:], before[:, 1:], ("output of the other positions", "其他位置的输出"))


def check_keys_come_from_context(trial: Trial) -> None:
    """Keys are read from the context by key_linear, queries from x by query_linear.

    键由 key_linear 从上下文得到，查询由 query_linear 从 x 得到。
    """
    weights = {f"{name}.weight": 0.5 + trial.rand(1, 1) for name in LAYERS}
    layer = trial.layer(1, 1, 1, weights=weights)
    layer.compare(*draw(trial, 3, (5, 5), 1, 1), gradients=False)


def check_lengths_may_differ(trial: Trial) -> None:
    """x may be shorter or longer than the context: the output has the length of x.

    x 可以比上下文短，也可以更长：输出的长度与 x 相同。
    """
    for lengths in ((3, 5), (6, 2)):
        shaped(trial, trial.layer(6, 4, 2), *draw(trial, 2, lengths, 6, 4))


def check_scale(trial: Trial) -> None:
    """The scores are divided by the square root of the head dimension.

    分数要除以 head_dim 的平方根。
    """
    for model, context in trial.sizes((3, 5), (10, 4)):
        layer = trial.layer(model, context, 1)
        layer.compare(*draw(trial, 2, (4, 6), model, context), gradients=False)


def check_heads_split_and_merged(trial: Trial) -> None:
    """Splitting into heads and merging them keeps every feature at its own position.

    拆分与合并各头之后，每个特征仍在自己的位置上。
    """
    for heads, width, lengths in ((3, 4, (5, 7)), (2, 3, (7, 4))):
        model = heads * width
        # No queries: equal weights, so that the scale does not matter.
        zero = {
            "query_linear.weight": torch.zeros(model, model, dtype=DOUBLE),
            "query_linear.bias": torch.zeros(model, dtype=DOUBLE),
        }
        layer = trial.layer(model, 5, heads, weights=zero)
        layer.compare(*draw(trial, 2, lengths, model, 5), gradients=False)


def check_heads_apart(trial: Trial) -> None:
    """Head h owns the h-th consecutive slice of features: its query changes only that slice.

    第 h 个头占有第 h 段连续的特征：改动它的查询只影响这一段。
    """
    heads, width = 3, 4
    model = heads * width
    chosen = unit(model)
    for name in PROJECTIONS:
        chosen |= {f"{name}.weight": trial.randn(model, model), f"{name}.bias": trial.randn(model)}
    changed = chosen["query_linear.weight"].clone()
    changed[-width:] += trial.randn(width, model)
    inputs = draw(trial, 2, (4, 5), model, model)
    before = shaped(trial, trial.layer(model, model, heads, weights=chosen), *inputs)
    chosen["query_linear.weight"] = changed
    after = shaped(trial, trial.layer(model, model, heads, weights=chosen), *inputs)
    trial.equal(
        after[..., :-width], before[..., :-width], ("features of the other heads", "其他头的特征")
    )


def check_scale_of_one_head(trial: Trial) -> None:
    """The scale comes from the width of one head, not from d_model or context_dim.

    缩放取决于单个头的宽度，而不是 d_model 或 context_dim。
    """
    for heads, width in trial.sizes((3, 4), (5, 2)):
        model = heads * width
        # Queries and keys alike in every feature, so that only the factor matters.
        alike = {}
        for name in PROJECTIONS[:2]:
            row = trial.randn(1, model, scale=1 / math.sqrt(width))
            alike |= {f"{name}.weight": row.repeat(model, 1)}
        layer = trial.layer(model, model, heads, weights=alike)
        layer.compare(*draw(trial, 2, (5, 3), model, model), gradients=False)


def check_values(trial: Trial) -> None:
    """The output agrees with the definition at all sizes, in float64 and float32.

    在各种尺寸下，float64 与 float32 的输出都与定义一致。
    """
    for batch, heads, width, context in trial.sizes((2, 3, 4, 5), (1, 2, 5, 7), (3, 5, 1, 2)):
        layer = trial.layer(heads * width, context, heads)
        layer.compare(*draw(trial, batch, (5, 6), heads * width, context), gradients=False)


def check_gradients(trial: Trial) -> None:
    """The gradients of x, of the context and of every parameter are those of the definition.

    x、上下文和每个参数的梯度都与定义一致。
    """
    for batch, heads, width, lengths in ((2, 3, 4, (5, 6)), (3, 2, 5, (1, 4))):
        layer = trial.layer(heads * width, 7, heads)
        layer.compare(*draw(trial, batch, lengths, heads * width, 7), dtypes=(torch.float64,))


def masked_case(trial: Trial) -> tuple[Subject, torch.Tensor, torch.Tensor, torch.Tensor]:
    """A layer, its inputs, and a mask that differs from item to item; no two sizes are equal."""
    x, context = draw(trial, 3, (4, 7), 8, 5)
    return trial.layer(8, 5, 2), x, context, trial.mask(3, 7)


def check_mask_shape(trial: Trial) -> None:
    """context_mask is (batch, Lk) or None: one entry per token of the context.

    context_mask 的形状为 (batch, Lk) 或为 None：上下文的每个词元一个元素。
    """
    layer, x, context, mask = masked_case(trial)
    shaped(trial, layer, x, context, mask)
    for absent in ((), (None,)):  # nothing of the mask before is left
        layer.compare(x, context, *absent, gradients=False, dtypes=(DOUBLE,))


def check_true_may_attend(trial: Trial) -> None:
    """True means "may attend": the one allowed token is read.

    True 表示“可以注意”：唯一允许的词元会被读取。
    """
    layer, x, context, _ = masked_case(trial)
    mask = torch.nn.functional.one_hot(trial.randint(0, 7, (3,)), 7).bool()
    moved = context + mask[..., None]
    change = shaped(trial, layer, x, moved, mask) - shaped(trial, layer, x, context, mask)
    if not change.abs().max().item() > 1e-6:
        trial.fail(
            "Changing the only allowed token does not change the output.",
            "改动唯一允许的词元，输出没有变化。",
        )


def check_batch_items_apart(trial: Trial) -> None:
    """Item b reads context b under mask b, and no other.

    第 b 个样本只读取第 b 个上下文，只用第 b 个掩码。
    """
    layer, x, context, mask = masked_case(trial)
    layer.batch_independent(x, context, mask)


def check_masked_tokens_do_not_matter(trial: Trial) -> None:
    """A masked token has no influence at all: its content may be anything.

    被掩蔽的词元毫无影响：它的内容可以是任何东西。
    """
    layer, x, context, mask = masked_case(trial)
    moved = torch.where(mask[..., None], context, trial.randn(3, 7, 5))
    trial.equal(shaped(trial, layer, x, moved, mask), shaped(trial, layer, x, context, mask))


def check_masked_values(trial: Trial) -> None:
    """The allowed tokens share the whole weight, in every item by its own mask.

    允许的词元分得全部权重，每个样本用各自的掩码。
    """
    layer, x, context, mask = masked_case(trial)
    layer.compare(x, context, mask)


def check_mask_of_equal_sizes(trial: Trial) -> None:
    """The mask is (batch, Lk) also where there are as many queries as items in the batch.

    即使查询数恰好等于 batch，掩码仍是 (batch, Lk)。
    """
    x, context = draw(trial, 4, (4, 7), 8, 5)
    trial.layer(8, 5, 2).compare(x, context, trial.mask(4, 7), gradients=False)
    x, context = draw(trial, 3, (6, 6), 8, 5)
    trial.layer(8, 5, 2).compare(x, context, trial.mask(3, 6), gradients=False)


def check_empty_context(trial: Trial) -> None:
    """If all tokens of a context are masked, the layer gives the bias of output_linear there.

    若某个上下文全被掩蔽，该层在那里返回 output_linear 的偏置。
    """
    layer, x, context, mask = masked_case(trial)
    mask[1] = False
    layer.compare(x, context, mask, gradients=False)
    layer.compare(x, context, torch.zeros_like(mask), gradients=False)
    alone = torch.tensor([[True], [False], [True]])
    layer.compare(x, context[:, :1], alone, gradients=False)


def check_empty_context_gradients(trial: Trial) -> None:
    """An item whose context is masked altogether passes no gradient, and never NaN.

    上下文全被掩蔽的样本不传递梯度，更不会传出 NaN。
    """
    layer, x, context, mask = masked_case(trial)
    mask[1] = False
    layer.compare(x, context, mask, dtypes=(torch.float64,))


def check_large_logits(trial: Trial) -> None:
    """Scores of ten thousand, positive or negative, give finite, right outputs.

    分数达到正负一万时输出有限且正确。
    """
    heads, width = 2, 16  # 1/sqrt(16) is exact, so whole numbers are not rounded in float32
    model = heads * width
    layer = trial.layer(model, model, heads, weights=unit(model))
    mask = trial.mask(2, 5)
    for sign in (1, -1):
        x = torch.full((2, 3, model), 40.0 * sign, dtype=DOUBLE)
        context = trial.randint(70, 100, (2, 5, model)).double()
        layer.compare(x, context, mask, logits=1e4)
    # The masked tokens alone have large scores.
    context = torch.where(mask[..., None], -context, context)
    layer.compare(-x, context, mask, gradients=False, logits=1e4)


def check_long_context(trial: Trial) -> None:
    """A context of hundreds of tokens is read to its end.

    几百个词元的上下文也会读到末尾。
    """
    x, context = draw(trial, 1, (3, 300), 8, 5)
    trial.layer(8, 5, 2).compare(x, context, gradients=False, dtypes=(DOUBLE,))


def check_same_in_evaluation(trial: Trial) -> None:
    """The layer gives the same after eval(): nothing here is for training alone.

    调用 eval() 之后结果不变：这里没有只在训练时才做的事。
    """
    layer = trial.layer(8, 5, 2)
    layer.method("eval").candidate()
    x, context = draw(trial, 3, (4, 7), 8, 5)
    layer.compare(x, context, trial.mask(3, 7), gradients=False, dtypes=(DOUBLE,))
