"""What multi-head latent attention must do: parameters, the value path, content, rotary, all."""

from typing import Any

import torch

from grader.kit import Subject, Trial

ENTRY = "MultiHeadLatentAttention"
DOUBLE = torch.float64
SIZES = (12, 3, 4, 5, 6)  # d_model, num_heads, head_dim, latent_dim, rope_dim
ROUGH = 1e-4  # where exact angles are not the point


def zeros(*shape: int) -> torch.Tensor:
    return torch.zeros(*shape, dtype=DOUBLE)


def content_only(trial: Trial, *sizes: int) -> Subject:
    """A layer whose rotary key is zero, so that scores come from the content alone."""
    return trial.layer(*sizes, weights={"key_rope_linear.weight": zeros(sizes[4], sizes[0])})


def rotary_only(trial: Trial, *sizes: int) -> Subject:
    """A layer whose content keys are zero, so that scores come from the rotary part alone."""
    _, heads, dim, latent, _ = sizes
    return trial.layer(*sizes, weights={"key_up_linear.weight": zeros(heads * dim, latent)})


def hold(layer: Subject, x: torch.Tensor, **options: Any) -> None:
    layer.compare(x, gradients=options.pop("gradients", False), **options)


def example_two_tokens(trial: Trial) -> None:
    """Two tokens, one head, a latent of one number; the rotary part of width two is switched off.

    两个词元、一个头，潜在向量只有一个数；宽度为二的旋转部分为零。
    """
    one = torch.ones(1, 1, dtype=DOUBLE)
    weights = {
        "query_linear.weight": torch.tensor([[1.0], [0.0], [0.0]], dtype=DOUBLE),
        "kv_down_linear.weight": one,
        "key_rope_linear.weight": zeros(2, 1),
        "key_up_linear.weight": one,
        "value_up_linear.weight": 2 * one,
        "output_linear.weight": one,
    }
    layer = trial.layer(1, 1, 1, 1, 2, weights=weights)
    layer.show(x=torch.tensor([[[1.0], [2.0]]], dtype=DOUBLE))


def check_parameters(trial: Trial) -> None:
    """The six layers have the given names and sizes, no bias, and there is nothing else.

    六个线性层的名字和大小符合约定，都不带偏置，此外没有别的参数。
    """
    trial.layer(*SIZES)


def check_any_width(trial: Trial) -> None:
    """d_model need not be divisible by num_heads: the heads have a width of their own.

    d_model 不必能被 num_heads 整除：每个头有自己的宽度。
    """
    trial.layer(10, 3, 4, 5, 2)
    trial.layer(3, 4, 2, 5, 2)
    trial.layer(3, 2, 8, 5, 2)


def check_single_token(trial: Trial) -> None:
    """A single token returns its own value: down to the latent, up to the heads, out.

    只有一个词元时返回它自己的值：先降到潜在向量，再升到各个头，最后输出。
    """
    hold(trial.layer(*SIZES), trial.randn(2, 1, 12), tolerance=ROUGH)


def check_causal(trial: Trial) -> None:
    """No position sees a later one, and each sees itself.

    任何位置都看不到后面的位置，并且都能看到自己。
    """
    layer, x = trial.layer(*SIZES), trial.randn(2, 6, 12)
    moved = x.clone()
    moved[:, 3:] = trial.randn(2, 3, 12)
    before, after = layer.candidate(x), layer.candidate(moved)
    if tuple(getattr(before, "shape", ())) != (2, 6, 12):
        hold(layer, x)
    trial.equal(
        after[:, :3], before[:, :3], ("output before the changed positions", "改动位置之前的输出")
    )
    trial.equal(
        before[:, :1],
        layer.candidate(x[:, :1]),
        ("output of the first position", "第一个位置的输出"),
    )


def check_mean_of_values(trial: Trial) -> None:
    """With equal scores a position returns the mean of the values so far, head beside head.

    分数全相等时，输出是到目前为止各值的平均，各头依次并列。
    """
    weights = {"query_linear.weight": zeros(30, 12)}
    hold(trial.layer(*SIZES, weights=weights), trial.randn(2, 5, 12), tolerance=ROUGH)


def check_content_scores(trial: Trial) -> None:
    """The first head_dim features of each head's query meet the key made from the latent.

    每个头的查询中，前 head_dim 个特征与由潜在向量得到的键相乘。
    """
    layer = content_only(trial, *SIZES)
    query = layer.weights["query_linear.weight"] if layer.weights else zeros(1)
    x = trial.randn(2, 5, 12)
    before = layer.candidate(x)
    # Without a rotary key the rotary features of the queries change nothing.
    layer.weights = (layer.weights or {}) | {"query_linear.weight": without_rotary(query)}
    trial.equal(
        layer.to(DOUBLE).candidate(x),
        before,
        ("output with other rotary queries", "换了旋转查询之后的输出"),
    )


def without_rotary(query: torch.Tensor) -> torch.Tensor:
    """(3 * 10, d_model) query weights with the rotary rows of every head set to zero."""
    rows = query.clone().view(3, 10, -1)
    rows[:, 4:] = 0
    return rows.flatten(0, 1)


def check_scale(trial: Trial) -> None:
    """The scores are divided by the square root of head_dim + rope_dim.

    分数要除以 head_dim + rope_dim 的平方根。
    """
    for sizes in ((12, 3, 4, 5, 6), (8, 1, 7, 3, 2)):
        hold(content_only(trial, *sizes), trial.randn(2, 5, sizes[0]), tolerance=ROUGH)


def check_one_rotary_pair(trial: Trial) -> None:
    """Rotary queries and the shared rotary key turn with their positions; the content does not.

    查询的旋转部分与各头共享的旋转键随位置旋转，内容部分不旋转。
    """
    sizes = (8, 3, 4, 5, 2)
    hold(rotary_only(trial, *sizes), trial.randn(2, 5, 8), tolerance=ROUGH)
    hold(trial.layer(*sizes), trial.randn(1, 4, 8), tolerance=ROUGH)


def check_rotary_pairs(trial: Trial) -> None:
    """Features (i, i + rope_dim/2) are a pair, which turns by position · 10000^(−2i/rope_dim).

    特征 (i, i + rope_dim/2) 为一对，旋转角度为 position · 10000^(−2i/rope_dim)。
    """
    for rope in (4, 6):
        sizes = (8, 2, 3, 5, rope)
        hold(rotary_only(trial, *sizes), trial.randn(2, 6, 8), tolerance=ROUGH)


def check_values(trial: Trial) -> None:
    """The output agrees with the definition when every size is different.

    各维长度互不相同时，输出与定义一致。
    """
    for sizes, batch, length in ((SIZES, 2, 7), ((7, 2, 3, 9, 4), 3, 5), ((9, 1, 2, 1, 8), 1, 4)):
        hold(trial.layer(*sizes), trial.randn(batch, length, sizes[0]), tolerance=ROUGH)


def check_precision(trial: Trial) -> None:
    """In float64 the rotary angles are computed in float64 too.

    float64 时，旋转角度也以 float64 计算。
    """
    layer = trial.layer(*SIZES)
    # float32 first: a table that it leaves behind shows in float64.
    hold(layer, trial.randn(1, 12, 12), dtypes=(torch.float32, DOUBLE))


def check_other_lengths(trial: Trial) -> None:
    """One layer serves sequences of any length, one after the other, longer or shorter.

    同一个层可以先后处理任意长度的序列，可长可短。
    """
    layer = trial.layer(6, 1, 2, 3, 4)
    for length in (4, 9, 2, 300):
        hold(layer, trial.randn(1, length, 6), dtypes=(DOUBLE,))


def check_gradients(trial: Trial) -> None:
    """The gradients of the input and of all six weights are right.

    输入与六个权重的梯度都正确。
    """
    layer = trial.layer(*SIZES)
    hold(layer, trial.randn(2, 5, 12), gradients=True, dtypes=(DOUBLE,))


def check_batch_items_apart(trial: Trial) -> None:
    """Every item of the batch gives the same alone as in company.

    批内每个样本单独计算与一起计算结果相同。
    """
    trial.layer(*SIZES).batch_independent(trial.randn(3, 4, 12))


def check_large_logits(trial: Trial) -> None:
    """Scores of ten thousand, positive or negative, give finite and right outputs.

    分数达到正负一万时输出依然有限且正确。
    """
    dim, rope = 12, 4  # 1/sqrt(16) is exact, so whole numbers are not rounded
    eye = torch.eye(dim, dtype=DOUBLE)
    for sign in (1, -1):
        weights = {
            "query_linear.weight": torch.cat([eye, zeros(rope, dim)]),
            "kv_down_linear.weight": eye,
            "key_rope_linear.weight": zeros(rope, dim),
            "key_up_linear.weight": sign * eye,
            "value_up_linear.weight": eye,
            "output_linear.weight": eye,
        }
        layer = trial.layer(dim, 1, dim, dim, rope, weights=weights)
        x = trial.randint(58, 73, (2, 6, dim)).double()
        hold(layer, x, logits=1e4)
    x[:, 1::2] *= -1  # with the last layer the future has scores of plus ten thousand
    hold(layer, x, logits=1e4)
    steep = {"query_linear.weight": (14, 8), "key_rope_linear.weight": (4, 8)}
    weights = {name: trial.randn(*shape, scale=40.0) for name, shape in steep.items()}
    layer = trial.layer(8, 2, 3, 5, 4, weights=weights)
    hold(layer, trial.randn(2, 6, 8), dtypes=(DOUBLE,), logits=1e5)


def check_same_in_evaluation(trial: Trial) -> None:
    """The layer gives the same after eval(): nothing here is for training alone.

    调用 eval() 之后结果不变：这里没有只在训练时才做的事。
    """
    layer = trial.layer(*SIZES)
    layer.method("eval").candidate()
    hold(layer, trial.randn(2, 5, SIZES[0]), dtypes=(DOUBLE,))
