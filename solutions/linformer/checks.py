"""What Linformer's attention must do: its parts, the two projections, the heads, all at once."""

import math
from typing import Any

import torch

from grader.kit import Subject, Trial

ENTRY = "LinformerAttention"
PROJECTIONS = ("query_linear", "key_linear", "value_linear")
LAYERS = (*PROJECTIONS, "output_linear")
DOUBLE = torch.float64
ANY = 1e6  # a tolerance that leaves shape, dtype and the inputs to be judged


def unit(width: int) -> dict[str, torch.Tensor]:
    """Weights under which every layer is the identity."""
    weights = {f"{name}.weight": torch.eye(width, dtype=DOUBLE) for name in LAYERS}
    return weights | {f"{name}.bias": torch.zeros(width, dtype=DOUBLE) for name in LAYERS}


def uniform(width: int) -> dict[str, torch.Tensor]:
    """Zero queries: every score is 0, every weight 1 / rank."""
    return {
        "query_linear.weight": torch.zeros(width, width, dtype=DOUBLE),
        "query_linear.bias": torch.zeros(width, dtype=DOUBLE),
    }


def shaped(subject: Subject, x: torch.Tensor) -> Any:
    """The submission's output, once it has the shape of x."""
    got = subject.candidate(x)
    if getattr(got, "shape", None) != x.shape:
        subject.compare(x, gradients=False)  # fails, and says how the shapes differ
    return got


def example_averages(trial: Trial) -> None:
    """Four tokens, rank 2, all layers the identity: mixtures are the means of either half.

    四个词元、秩为 2、线性层都是恒等映射：两个混合分别是前一半与后一半的平均。
    """
    halves = torch.tensor([[0.5, 0.5, 0.0, 0.0], [0.0, 0.0, 0.5, 0.5]], dtype=DOUBLE)
    weights = unit(1) | {"key_projection": halves, "value_projection": halves}
    layer = trial.layer(1, 1, 4, 2, weights=weights)
    layer.show(x=torch.tensor([[[0.0], [0.0], [1.0], [3.0]]], dtype=DOUBLE))


def check_parameters(trial: Trial) -> None:
    """Four linear layers with biases, key_projection and value_projection of (rank, length).

    四个带偏置的线性层，以及形状为 (rank, length) 的 key_projection、value_projection。
    """
    trial.layer(6, 2, 7, 3)
    trial.layer(4, 4, 3, 5)


def check_indivisible_width(trial: Trial) -> None:
    """A d_model that num_heads does not divide raises ValueError; length and rank may be anything.

    d_model 不能被 num_heads 整除时抛出 ValueError；length 与 rank 任意。
    """
    trial.raises(ValueError, trial.construct, 10, 3, 6, 3)
    trial.raises(ValueError, trial.construct, 4, 8, 8, 4)


def check_shape(trial: Trial) -> None:
    """The output has the shape and dtype of x, one row per position; x is not modified.

    输出的形状与 dtype 同 x，每个位置一行；不修改 x。
    """
    for batch, length, rank in ((2, 7, 3), (1, 4, 6), (3, 1, 2)):
        layer = trial.layer(6, 2, length, rank)
        layer.compare(trial.randn(batch, length, 6), gradients=False, tolerance=ANY)


def check_deterministic(trial: Trial) -> None:
    """The same input gives the same output every time: there is no dropout in this layer.

    同样的输入每次都得到同样的输出：这一层没有 dropout。
    """
    layer = trial.layer(12, 3, 17, 5)
    x = trial.randn(2, 17, 12)
    first, second = shaped(layer, x), shaped(layer, x)
    trial.equal(second, first, ("second call", "第二次调用"))


def check_softmax_over_mixtures(trial: Trial) -> None:
    """The weights of one query over the mixtures sum to one: the softmax runs over the rank.

    同一个查询对各混合的权重之和为 1：softmax 沿秩的维度归一化。
    """
    for length, rank in ((5, 3), (4, 4), (3, 6)):
        # All mixtures have the same value, so every query must get the same output.
        even = torch.full((rank, length), 1 / length, dtype=DOUBLE)
        same = {
            "value_linear.weight": torch.zeros(1, 1, dtype=DOUBLE),
            "value_linear.bias": torch.ones(1, dtype=DOUBLE),
            "key_projection": even,
            "value_projection": even,
        }
        layer = trial.layer(1, 1, length, rank, weights=unit(1) | same)
        output = shaped(layer, trial.randn(2, length, 1))
        trial.equal(
            output, output[:, :1].expand_as(output).clone(), ("output of every row", "每一行的输出")
        )


def check_value_projection(trial: Trial) -> None:
    """With rank 1 the output is output_linear(value_projection @ value_linear(x)) in every row.

    秩为 1 时，每一行的输出都是 output_linear(value_projection @ value_linear(x))。
    """
    for length, width in ((5, 3), (4, 6)):
        layer = trial.layer(width, 1, length, 1)
        layer.compare(trial.randn(1, length, width), gradients=False)


def check_items_apart(trial: Trial) -> None:
    """Every item of the batch mixes its own positions only.

    批次中每个样本只混合自己的位置。
    """
    layer, x = trial.layer(6, 2, 4, 3), trial.randn(3, 4, 6)
    shaped(layer, x)
    layer.batch_independent(x)


def check_every_query_sees_every_mixture(trial: Trial) -> None:
    """Nothing is masked: mixtures are no positions, and every query sees all of them.

    没有任何屏蔽：混合不是位置，每个查询都能看到全部混合。
    """
    for length, rank in ((5, 3), (3, 4)):
        layer = trial.layer(2, 1, length, rank, weights=uniform(2))
        layer.compare(trial.randn(1, length, 2), gradients=False)


def check_key_projection(trial: Trial) -> None:
    """The keys are key_projection @ key_linear(x), with a projection of their own.

    键为 key_projection @ key_linear(x)，使用自己的投影。
    """
    for length, rank in ((6, 3), (4, 4)):
        # Keys are distinct whole numbers and queries 100: the largest key takes all the weight.
        chosen = unit(1) | {
            "query_linear.weight": torch.zeros(1, 1, dtype=DOUBLE),
            "query_linear.bias": torch.full((1,), 100.0, dtype=DOUBLE),
            "key_projection": torch.eye(length, dtype=DOUBLE)[trial.permutation(length)[:rank]],
        }
        layer = trial.layer(1, 1, length, rank, weights=chosen)
        x = torch.stack([trial.permutation(length) for _ in range(8)]).double()
        layer.compare(x[..., None], gradients=False, dtypes=(DOUBLE,))


def check_scale(trial: Trial) -> None:
    """The scores are divided by the square root of the head dimension.

    分数要除以 head_dim 的平方根。
    """
    for width in (3, 10):
        layer = trial.layer(width, 1, 6, 4)
        layer.compare(trial.randn(2, 6, width), gradients=False)


def check_heads_split_and_merged(trial: Trial) -> None:
    """Splitting into heads and merging them keeps every feature at its own position.

    拆分与合并各头之后，每个特征仍在自己的位置上。
    """
    for batch, length, rank, heads, width in ((2, 5, 3, 3, 4), (1, 7, 4, 2, 3)):
        model = heads * width
        layer = trial.layer(model, heads, length, rank, weights=uniform(model))
        layer.compare(trial.randn(batch, length, model), gradients=False)


def check_heads_apart(trial: Trial) -> None:
    """Head h owns the h-th consecutive slice of features: its query changes only that slice.

    第 h 个头占有第 h 段连续的特征：改动它的查询只影响这一段。
    """
    heads, width, length = 3, 4, 5
    model = heads * width
    chosen = unit(model) | {
        f"{name}_projection": trial.randn(4, length) for name in ("key", "value")
    }
    for name in PROJECTIONS:
        chosen |= {f"{name}.weight": trial.randn(model, model), f"{name}.bias": trial.randn(model)}
    changed = chosen["query_linear.weight"].clone()
    changed[-width:] += trial.randn(width, model)
    x = trial.randn(2, length, model)
    before = shaped(trial.layer(model, heads, length, 4, weights=chosen), x)
    chosen["query_linear.weight"] = changed
    after = shaped(trial.layer(model, heads, length, 4, weights=chosen), x)
    trial.equal(
        after[..., :-width], before[..., :-width], ("features of the other heads", "其他头的特征")
    )


def check_scale_of_one_head(trial: Trial) -> None:
    """The scale comes from the width of one head, not from d_model or the rank.

    缩放取决于单个头的宽度，而不是 d_model 或秩。
    """
    for heads, width in ((3, 4), (5, 2)):
        model = heads * width
        # Queries and keys alike in every feature, so that only the factor matters.
        alike = {}
        for name in PROJECTIONS[:2]:
            row = trial.randn(1, model, scale=1 / math.sqrt(width))
            alike[f"{name}.weight"] = row.repeat(model, 1)
            alike[f"{name}.bias"] = trial.randn(1).repeat(model)
        layer = trial.layer(model, heads, 6, 3, weights=alike)
        layer.compare(trial.randn(2, 6, model), gradients=False)


def check_values(trial: Trial) -> None:
    """The output agrees with the definition at all sizes, in float64 and float32.

    在各种尺寸下，float64 与 float32 的输出都与定义一致。
    """
    for batch, length, rank, heads, width in (
        (2, 7, 5, 3, 4),
        (1, 6, 2, 2, 5),
        (3, 4, 9, 5, 1),
        (2, 1, 3, 1, 6),
    ):
        layer = trial.layer(heads * width, heads, length, rank)
        layer.compare(trial.randn(batch, length, heads * width), gradients=False)


def check_gradients(trial: Trial) -> None:
    """The gradients of x and of every parameter, both projections included, are right.

    x 与每个参数（包括两个投影）的梯度正确。
    """
    for batch, length, rank, heads, width in ((2, 6, 4, 3, 2), (1, 3, 5, 2, 4)):
        layer = trial.layer(heads * width, heads, length, rank)
        layer.compare(trial.randn(batch, length, heads * width), dtypes=(DOUBLE,))


def check_large_logits(trial: Trial) -> None:
    """Scores of ten thousand, positive or negative, give finite, right outputs.

    分数达到正负一万时，输出有限且正确。
    """
    heads, width, length = 2, 16, 5  # 1/sqrt(16) is exact: whole numbers are not rounded
    model = heads * width
    picked = torch.eye(length, dtype=DOUBLE)[[3, 0, 4]]  # mixtures of one position each
    weights = unit(model) | {"key_projection": picked, "value_projection": picked}
    x = trial.randint(50, 70, (2, length, model)).double()
    for sign in (1, -1):
        chosen = weights | {"key_linear.weight": sign * torch.eye(model, dtype=DOUBLE)}
        layer = trial.layer(model, heads, length, 3, weights=chosen)
        layer.compare(x, gradients=False, logits=1e4)
