"""What a MultiHeadAttention must do: first its parts one by one, then everything at once."""

import math
from typing import Any

import torch

from grader.kit import Subject, Trial

ENTRY = "MultiHeadAttention"
PROJECTIONS = ("query_linear", "key_linear", "value_linear")
LAYERS = (*PROJECTIONS, "output_linear")


def unit(width: int) -> dict[str, torch.Tensor]:
    """Weights under which every layer is the identity."""
    weights = {f"{name}.weight": torch.eye(width, dtype=torch.float64) for name in LAYERS}
    return weights | {f"{name}.bias": torch.zeros(width, dtype=torch.float64) for name in LAYERS}


def uniform(width: int) -> dict[str, torch.Tensor]:
    """Zero queries: every score is 0, every weight 1 / Lk."""
    return {
        "query_linear.weight": torch.zeros(width, width, dtype=torch.float64),
        "query_linear.bias": torch.zeros(width, dtype=torch.float64),
    }


def draw(trial: Trial, batch: int, queries: int, keys: int, model: int) -> list[torch.Tensor]:
    """A query of one length, a key and a value of another."""
    return [trial.randn(batch, length, model) for length in (queries, keys, keys)]


def shaped(trial: Trial, subject: Subject, *inputs: Any) -> Any:
    """The submission's output, once it is one tensor shaped as the query."""
    output = subject.candidate(*inputs)
    if getattr(output, "shape", None) != inputs[0].shape:
        subject.compare(*inputs, gradients=False)  # fails, and says how the shapes differ
        trial.fail("The shape of the result changes.", "两次调用的结果形状不同。")
    return output


def agrees(subject: Subject, *inputs: Any) -> None:
    """Values alone, in float64: for the checks of one part. The whole is checked further down."""
    subject.compare(*inputs, gradients=False, dtypes=(torch.float64,))


def must_differ(trial: Trial, first: torch.Tensor, second: torch.Tensor) -> None:
    if not (first - second).abs().max().item() > 1e-6:
        trial.fail(
            "Changing the values of the allowed keys does not change the output.",
            "改动允许注意的键对应的值，输出却没有变化。",
        )


def example_two_tokens(trial: Trial) -> None:
    """Two tokens, two heads of width one, all layers the identity.

    两个词元、两个宽度为 1 的头，所有线性层都是恒等映射。
    """
    x = torch.eye(2, dtype=torch.float64)[None]
    trial.layer(2, 2, weights=unit(2)).show(query=x, key=x, value=x)


def example_masked_key(trial: Trial) -> None:
    """One query, two keys, one head; the second key is masked.

    一个查询、两个键、一个头；第二个键被掩蔽。
    """
    keys = torch.eye(2, dtype=torch.float64)[None]
    values = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]], dtype=torch.float64)
    mask = torch.tensor([[True, False]])
    trial.layer(2, 1, weights=unit(2)).show(query=keys[:, :1], key=keys, value=values, mask=mask)


def check_parameters(trial: Trial) -> None:
    """The layer has query_, key_, value_ and output_linear with biases, and nothing else.

    该层只有 query_linear、key_linear、value_linear 和 output_linear，都带偏置。
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
    first = shaped(trial, layer, x, x, x)
    trial.equal(layer.candidate(x, x, x), first, ("second call", "第二次调用"))


def check_output_projection(trial: Trial) -> None:
    """With a single key the output is output_linear(value_linear(value)), bias included.

    只有一个键时，输出就是 output_linear(value_linear(value))，包括偏置。
    """
    agrees(trial.layer(6, 2), *draw(trial, 4, 1, 1, 6))


def check_softmax_over_keys(trial: Trial) -> None:
    """The weights of one query over all keys sum to one: the softmax runs over the keys.

    同一个查询对所有键的权重之和为 1：softmax 沿键的维度归一化。
    """
    # One head of width one, queries equal to keys: nothing else can go wrong here.
    weight, bias = 0.5 + trial.rand(1, 1), trial.randn(1)
    same = {f"{name}.weight": weight for name in PROJECTIONS}
    same |= {f"{name}.bias": bias for name in PROJECTIONS}
    x = trial.randn(3, 7, 1)
    agrees(trial.layer(1, 1, weights=same), x, x, x)


def check_own_inputs(trial: Trial) -> None:
    """Queries come from query, keys from key, values from value, each by its own layer.

    查询来自 query，键来自 key，值来自 value，各用自己的线性层。
    """
    weights = {f"{name}.weight": 0.5 + trial.rand(1, 1) for name in LAYERS}
    agrees(trial.layer(1, 1, weights=weights), *draw(trial, 3, 6, 6, 1))


def check_lengths_may_differ(trial: Trial) -> None:
    """The query may be shorter or longer than the key: the output has the query's length.

    query 可以比 key 短，也可以更长：输出的长度与 query 相同。
    """
    layer = trial.layer(6, 2)
    for queries, keys in trial.sizes((3, 5), (6, 2)):
        shaped(trial, layer, *draw(trial, 2, queries, keys, 6))


def check_scale(trial: Trial) -> None:
    """The scores are divided by the square root of the head dimension.

    分数要除以 head_dim 的平方根。
    """
    agrees(trial.layer(10, 1), *draw(trial, 2, 4, 6, 10))


def check_heads_split_and_merged(trial: Trial) -> None:
    """Splitting into heads and merging them keeps every feature at its own position.

    拆分与合并各头之后，每个特征仍在自己的位置上。
    """
    heads, width = 3, 4
    model = heads * width
    agrees(trial.layer(model, heads, weights=uniform(model)), *draw(trial, 2, 5, 7, model))
    # One-hot weights keep the merge visible: every query reads another value.
    length = 5
    layer = trial.layer(model, heads)
    x, mask = trial.randn(1, length, model), torch.eye(length, dtype=torch.bool)
    steps = x.transpose(0, 1)  # every token a sequence of its own
    alone = shaped(trial, layer, steps, steps, steps)
    trial.equal(alone.transpose(0, 1), layer.reference(x, x, x, mask))


def check_heads_apart(trial: Trial) -> None:
    """Head h owns the h-th consecutive slice of features: its query changes only that slice.

    第 h 个头占有第 h 段连续的特征：改动它的查询只影响这一段。
    """
    heads, width = 3, 4
    model = heads * width
    weights = unit(model) | uniform(model)
    for name in PROJECTIONS[1:]:
        weights |= {f"{name}.weight": trial.randn(model, model)}
    weights["query_linear.weight"][-width:] = trial.randn(width, model)
    layer = trial.layer(model, heads, weights=weights)
    query, key, value = draw(trial, 2, 4, 5, model)
    before = shaped(trial, layer, query, key, value)
    after = shaped(trial, layer, trial.randn(*query.shape), key, value)
    trial.equal(
        after[..., :-width], before[..., :-width], ("features of the other heads", "其他头的特征")
    )


def check_scale_of_one_head(trial: Trial) -> None:
    """The scale comes from the width of one head, not from the width of the model.

    缩放取决于单个头的宽度，而不是整个模型的宽度。
    """
    heads, width = 3, 4
    model = heads * width
    # Queries and keys alike in every feature, so that only the factor matters.
    alike = {}
    for name in PROJECTIONS[:2]:
        row = trial.randn(1, model, scale=1 / math.sqrt(width))
        alike[f"{name}.weight"] = row.repeat(model, 1)
        alike[f"{name}.bias"] = trial.randn(1).repeat(model)
    agrees(trial.layer(model, heads, weights=alike), *draw(trial, 2, 5, 3, model))


def check_values(trial: Trial) -> None:
    """The output agrees with the definition at all sizes, in float64 and float32.

    在各种尺寸下，float64 与 float32 的输出都与定义一致。
    """
    layer = trial.layer(12, 3)
    layer.compare(*draw(trial, 2, 5, 7, 12), gradients=False)
    for batch, queries, keys, heads, width in trial.sizes((1, 6, 4, 2, 5), (3, 1, 2, 5, 1)):
        layer = trial.layer(heads * width, heads)
        agrees(layer, *draw(trial, batch, queries, keys, heads * width))


def check_gradients(trial: Trial) -> None:
    """The gradients of the inputs and of every parameter are those of the definition.

    各输入和每个参数的梯度都与定义一致。
    """
    layer = trial.layer(12, 3)
    layer.compare(*draw(trial, 2, 5, 6, 12), dtypes=(torch.float64,))


def check_mask_shapes(trial: Trial) -> None:
    """The mask may be None or have any shape that broadcasts to (batch, num_heads, Lq, Lk).

    mask 可以是 None，也可以是任何能广播到 (batch, num_heads, Lq, Lk) 的形状。
    """
    batch, heads, queries, keys = 2, 3, 4, 5
    layer = trial.layer(6, heads)
    inputs = draw(trial, batch, queries, keys, 6)
    for shape in trial.sizes((queries, keys), (batch, 1, 1, keys), (1, heads, queries, keys)):
        shaped(trial, layer, *inputs, trial.mask(*shape))
    agrees(layer, *inputs, None)  # nothing of the masks before is left


def masked_case(trial: Trial) -> tuple[Subject, list[torch.Tensor], torch.Tensor]:
    """A layer, its inputs, and a mask over the keys of each item."""
    batch, heads, queries, keys = 3, 2, 4, 7
    layer = trial.layer(8, heads)
    return layer, draw(trial, batch, queries, keys, 8), trial.mask(batch, 1, 1, keys)


def check_true_may_attend(trial: Trial) -> None:
    """True in the mask means "may attend": the values of those keys reach the output.

    mask 中 True 表示“可以注意”：这些键的值会影响输出。
    """
    layer, (query, key, value), mask = masked_case(trial)
    moved = value + trial.randn(*value.shape) * mask[:, 0, 0, :, None]
    before = shaped(trial, layer, query, key, value, mask)
    must_differ(trial, before, layer.candidate(query, key, moved, mask))


def check_false_may_not_attend(trial: Trial) -> None:
    """A masked key has weight zero: changing its value changes nothing.

    被掩蔽的键权重为零：改动它的值不会改变任何输出。
    """
    layer, (query, key, value), mask = masked_case(trial)
    moved = value + trial.randn(*value.shape) * ~mask[:, 0, 0, :, None]
    before = shaped(trial, layer, query, key, value, mask)
    trial.equal(layer.candidate(query, key, moved, mask), before)


def check_mask_before_softmax(trial: Trial) -> None:
    """The mask acts before the softmax: the weights of the allowed keys still sum to one.

    掩码在 softmax 之前起作用：允许的键的权重之和仍为 1。
    """
    batch, heads, queries, keys = 2, 3, 4, 6
    layer = trial.layer(12, heads)
    inputs = draw(trial, batch, queries, keys, 12)
    agrees(layer, *inputs, trial.mask(batch, 1, 1, keys))


def check_masked_values(trial: Trial) -> None:
    """Every entry of the mask counts for its own item, head, query and key; gradients included.

    掩码的每个元素只作用于对应的样本、头、查询和键，梯度也是如此。
    """
    batch, heads, queries, keys = 4, 3, 4, 6  # a (4, 6) mask is of queries, not of items
    layer = trial.layer(12, heads)
    inputs = draw(trial, batch, queries, keys, 12)
    for shape in trial.sizes((queries, keys), (heads, queries, keys), (1, heads, 1, keys)):
        agrees(layer, *inputs, trial.mask(*shape))
    agrees(layer, *inputs, trial.rand(batch, 1, queries, 1) < 0.6)
    layer.compare(*inputs, trial.mask(batch, heads, queries, keys))


def empty_case(trial: Trial) -> tuple[Subject, list[torch.Tensor], torch.Tensor]:
    """A mask that leaves queries without a key: an item's, all heads', and one head's alone."""
    mask = trial.mask(3, 2, 4, 5)
    mask[0], mask[1, :, 2], mask[2, 0, 1] = False, False, False
    return trial.layer(8, 2), draw(trial, 3, 4, 5, 8), mask


def check_nothing_to_attend(trial: Trial) -> None:
    """A query that may attend to nothing gets zeros before output_linear: the layer gives its bias.

    一个键都不能注意的查询在 output_linear 之前为零：该层返回 output_linear 的偏置。
    """
    layer, inputs, mask = empty_case(trial)
    layer.compare(*inputs, mask, gradients=False, dtypes=(torch.float32,))
    agrees(layer, *inputs, torch.zeros_like(mask))
    alone = torch.tensor([True, False, True])[:, None, None, None]  # of a single key
    agrees(layer, *draw(trial, 3, 4, 1, 8), alone)


def check_nothing_to_attend_gradients(trial: Trial) -> None:
    """A query that may attend to nothing passes no gradient, and never NaN.

    一个键都不能注意的查询不传递梯度，更不会传出 NaN。
    """
    layer, inputs, mask = empty_case(trial)
    layer.compare(*inputs, mask, dtypes=(torch.float64,))


def check_large_logits(trial: Trial) -> None:
    """Scores of ten thousand give finite, right weights: the softmax subtracts the maximum.

    分数达到一万时权重依然有限且正确：softmax 要先减去最大值。
    """
    heads, width = 2, 16  # 1/sqrt(16) is exact, so whole numbers are not rounded in float32
    layer = trial.layer(heads * width, heads, weights=unit(heads * width))
    inputs = [trial.randint(-100, 101, (2, n, heads * width)).double() for n in (4, 6, 6)]
    layer.compare(*inputs, logits=1e4)


def check_large_masked_logits(trial: Trial) -> None:
    """A masked key stays out, however low the allowed scores are and however high its own is.

    无论允许的分数多低、被掩蔽的键自己的分数多高，它都不能参与。
    """
    heads, width = 2, 16
    layer = trial.layer(heads * width, heads, weights=unit(heads * width))
    query = torch.full((2, 3, heads * width), 40.0, dtype=torch.float64)
    key = -trial.randint(70, 100, (2, 5, heads * width)).double()
    value = trial.randn(2, 5, heads * width)
    mask = trial.mask(2, 1, 1, 5)
    for given in (key, torch.where(mask[:, 0, 0, :, None], key, -key)):
        layer.compare(
            query, given, value, mask, gradients=False, dtypes=(torch.float32,), logits=1e4
        )


def check_long(trial: Trial) -> None:
    """Nothing depends on the number of keys: hundreds of them are attended to all alike.

    结果与键的个数无关：几百个键同样逐一参与。
    """
    agrees(trial.layer(4, 2), *draw(trial, 1, 3, 300, 4), trial.mask(3, 300, p=0.98))


def check_same_in_evaluation(trial: Trial) -> None:
    """The layer gives the same after eval(): nothing here is for training alone.

    调用 eval() 之后结果不变：这里没有只在训练时才做的事。
    """
    layer = trial.layer(6, 2)
    layer.method("eval").candidate()
    agrees(layer, *draw(trial, 2, 3, 5, 6), trial.mask(3, 5))
