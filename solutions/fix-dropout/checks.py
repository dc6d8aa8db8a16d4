"""What dropout on attention weights must do: nothing in evaluation, zero or 1/(1 − p) in training.

To read the weights off the output, the values are one-hot: feature j of a head is the weight of
key j, and feature j + LENGTH is it again.
"""

from typing import Any

import torch

from grader.kit import Subject, Trial

ENTRY = "DropoutSelfAttention"
DOUBLE = torch.float64
LENGTH, HEADS = 4, 2
MODEL = 2 * LENGTH * HEADS


def evaluated(trial: Trial, *args: Any, weights: dict[str, torch.Tensor] | None = None) -> Subject:
    """A layer in evaluation mode, on both sides."""
    layer = trial.layer(*args, weights=weights)
    layer.method("eval").candidate()
    layer.method("eval").reference()
    return layer


def readable(trial: Trial) -> dict[str, torch.Tensor]:
    """Weights under which the output shows the attention weights, each twice."""
    rows = torch.zeros(HEADS, 2, LENGTH, MODEL, dtype=DOUBLE)
    rows[..., :LENGTH] = torch.eye(LENGTH, dtype=DOUBLE)
    scores = trial.randn(2 * MODEL, MODEL, scale=0.7)
    return {
        "qkv_linear.weight": torch.cat([scores, rows.reshape(MODEL, MODEL)]),
        "qkv_linear.bias": torch.zeros(3 * MODEL, dtype=DOUBLE),
        "output_linear.weight": torch.eye(MODEL, dtype=DOUBLE),
        "output_linear.bias": torch.zeros(MODEL, dtype=DOUBLE),
    }


def tokens(batch: int) -> torch.Tensor:
    """The same sequence of one-hot tokens `batch` times: (batch, LENGTH, MODEL)."""
    return torch.eye(LENGTH, MODEL, dtype=DOUBLE).repeat(batch, 1, 1)


def split(output: torch.Tensor) -> torch.Tensor:
    """(batch, LENGTH, MODEL) to the weights (batch, LENGTH, HEADS, 2, LENGTH)."""
    return output.reshape(*output.shape[:2], HEADS, 2, LENGTH)


def trained(trial: Trial, dropout: float, batch: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The weights (batch, LENGTH, HEADS, LENGTH) in training mode, and those without dropout."""
    layer = evaluated(trial, MODEL, HEADS, dropout, weights=readable(trial))
    x = tokens(batch)
    plain = split(layer.reference(x))
    layer.method("train").candidate()
    output = layer.candidate(x)
    if getattr(output, "shape", None) != x.shape:
        trial.equal(output, x)  # fails, and says how the shapes differ
    return split(output), plain


def example_evaluation(trial: Trial) -> None:
    """Two tokens in evaluation mode: dropout = 0.5 has no effect.

    评估模式下的两个词元：dropout = 0.5 不起作用。
    """
    eye, zero = torch.eye(2, dtype=DOUBLE), torch.zeros(2, dtype=DOUBLE)
    weights = {
        "qkv_linear.weight": torch.cat([eye, eye, eye]),
        "qkv_linear.bias": torch.cat([zero, zero, zero]),
        "output_linear.weight": eye,
        "output_linear.bias": zero,
    }
    evaluated(trial, 2, 1, 0.5, weights=weights).show(x=eye[None])


def check_parameters(trial: Trial) -> None:
    """The layer has qkv_linear (to 3 d_model) and output_linear with biases, and nothing else.

    该层只有 qkv_linear（输出 3 倍 d_model）和 output_linear，都带偏置，没有别的参数。
    """
    trial.layer(6, 2, 0.1)


def check_indivisible_width(trial: Trial) -> None:
    """A d_model that num_heads does not divide raises ValueError.

    d_model 不能被 num_heads 整除时抛出 ValueError。
    """
    trial.raises(ValueError, trial.construct, 10, 3, 0.1)
    trial.raises(ValueError, trial.construct, 4, 8, 0.0)


def check_evaluation_is_deterministic(trial: Trial) -> None:
    """After eval() the same input gives the same output every time.

    调用 eval() 之后，同样的输入每次得到同样的输出。
    """
    layer, x = evaluated(trial, 12, 3, 0.5), trial.randn(2, 9, 12)
    first, second = layer.candidate(x), layer.candidate(x)
    if getattr(first, "shape", None) != x.shape:
        layer.compare(x, gradients=False)
    trial.equal(second, first, ("output of a second call", "第二次调用的输出"))


def check_evaluation_is_plain_attention(trial: Trial) -> None:
    """In evaluation the layer is plain attention, whatever the dropout, in both dtypes.

    评估时就是普通的注意力，与 dropout 大小无关，两种 dtype 皆然。
    """
    for batch, length, heads, width, dropout in trial.sizes((2, 5, 3, 4, 0.1), (1, 7, 2, 3, 0.9)):
        layer = evaluated(trial, heads * width, heads, dropout)
        layer.compare(trial.randn(batch, length, heads * width), gradients=False)


def check_no_dropout_at_zero(trial: Trial) -> None:
    """With dropout = 0 training is plain attention as well, gradients included.

    dropout = 0 时，训练模式也是普通的注意力，梯度也一样。
    """
    layer, x = trial.layer(6, 2, 0.0), trial.randn(2, 5, 6)
    layer.compare(x, dtypes=(DOUBLE,))


def check_training_is_random(trial: Trial) -> None:
    """In training two calls differ: the weights to drop are drawn anew every time.

    训练时两次调用的结果不同：每次都重新抽取要丢弃的权重。
    """
    layer, x = trial.layer(6, 2, 0.5), trial.randn(4, 9, 6)
    first, second = layer.candidate(x), layer.candidate(x)
    if getattr(first, "shape", None) != x.shape:
        layer.compare(x, gradients=False)
    if torch.equal(first, second):
        trial.fail(
            "Two calls in training mode give the same output.", "训练模式下两次调用的输出相同。"
        )


def check_weights_are_dropped(trial: Trial) -> None:
    """A dropped weight is zero after the softmax: with dropout = 0.5 about half of them are.

    丢弃的权重在 softmax 之后为零：dropout = 0.5 时约有一半为零。
    """
    weights, _ = trained(trial, 0.5, 64)
    share = (weights == 0).double().mean().item()
    if not 0.25 < share < 0.75:
        trial.fail(
            f"{share:.0%} of the weights are zero with dropout = 0.5.",
            f"dropout = 0.5 时有 {share:.0%} 的权重为零。",
        )


def check_kept_weights_are_scaled(trial: Trial) -> None:
    """A kept weight is divided by 1 − dropout and not changed otherwise: rows need not sum to one.

    保留的权重除以 1 − dropout，此外不变：每行之和不必为 1。
    """
    for dropout in (0.5, 0.2):
        weights, plain = trained(trial, dropout, 8)
        wanted = torch.where(weights == 0, 0.0, plain / (1 - dropout))
        trial.equal(weights, wanted, ("weights in training", "训练时的权重"))


def check_weights_not_outputs(trial: Trial) -> None:
    """What is dropped is the weight of a key: all features of its value vanish together.

    丢弃的是某个键的权重：对应值的所有特征一起消失。
    """
    weights, _ = trained(trial, 0.5, 8)
    trial.equal(
        weights[..., 1, :],
        weights[..., 0, :],
        ("second reading of the weights", "第二次读取的权重"),
    )


def check_every_weight_for_itself(trial: Trial) -> None:
    """Every item, head, query and key draws for itself: no pattern repeats along any of them.

    每个样本、头、查询和键各自抽取：沿任何一维都不会重复同一模式。
    """
    weights, _ = trained(trial, 0.5, 16)
    kept = weights[..., 0, :] != 0  # (batch, query, head, key)
    names = ("items", "queries", "heads", "keys")
    zh_names = ("样本", "查询", "头", "键")
    for dim, (name, zh) in enumerate(zip(names, zh_names, strict=True)):
        first = kept.narrow(dim, 0, 1)
        if (kept == first).all():
            trial.fail(f"All {name} drop the same weights.", f"所有{zh}丢弃的权重都相同。")


def check_independent_draws(trial: Trial) -> None:
    """Whether a weight is dropped tells nothing about any other one.

    一个权重是否被丢弃，与其他任何权重无关。
    """
    items = 1024
    weights, _ = trained(trial, 0.5, items)
    kept = (weights[..., 0, :] != 0).reshape(items, -1).double() - 0.5  # 32 weights of an item
    # Independent: a standard deviation of 0.03, so 0.25 is eight of them.
    together = (kept.T @ kept / (items / 4)).fill_diagonal_(0).abs().max().item()
    if together > 0.25:
        trial.fail(
            "Weights of one item are dropped together, or never together "
            f"(correlation {together:.2f}).",
            f"同一样本的权重总是一起（或从不一起）被丢弃（相关系数 {together:.2f}）。",
        )
    if torch.unique(kept, dim=0).shape[0] < items - 8:  # of 2**32 patterns
        trial.fail("Several items drop the same weights.", "多个样本丢弃的权重相同。")


def check_gradients_in_training(trial: Trial) -> None:
    """In training the gradient passes through the kept weights alone, scaled as they are.

    训练时梯度只经过保留的权重，并同样放大。
    """
    weights, p = readable(trial), 0.5
    layer, x = trial.layer(MODEL, HEADS, p, weights=weights), tokens(4)
    cotangent = trial.randn(*x.shape)
    got = layer.begin_pulling([x], [cotangent])()
    output = got.reply.outputs
    if getattr(output, "shape", None) != x.shape or not got.inputs:
        layer.compare(x, gradients=False)
        trial.fail("The output cannot be differentiated.", "无法对输出求导。")
    kept = (split(output)[..., 0, :] != 0).transpose(1, 2)  # (batch, heads, query, key)
    given = x.clone().requires_grad_()
    matrix = weights["qkv_linear.weight"].clone().requires_grad_()
    heads = (given @ matrix.T).view(4, LENGTH, 3, HEADS, -1).permute(2, 0, 3, 1, 4)
    scores = heads[0] @ heads[1].transpose(-2, -1) / (2 * LENGTH) ** 0.5
    plain = torch.softmax(scores, dim=-1) * kept / (1 - p)
    wanted = (plain @ heads[2]).transpose(1, 2).reshape(x.shape)
    right = torch.autograd.grad(wanted, (given, matrix), cotangent)
    name = "qkv_linear.weight"
    if got.inputs[0] is None or got.parameters.get(name) is None:
        trial.fail("No gradient reaches x or qkv_linear.", "x 或 qkv_linear 没有收到梯度。")
    what = ("gradient of x in training", "训练时 x 的梯度")
    trial.equal(got.inputs[0], right[0], what)
    what = (f"gradient of {name} in training", f"训练时 {name} 的梯度")
    trial.equal(got.parameters[name], right[1], what)


def check_share_of_dropped_weights(trial: Trial) -> None:
    """The share of dropped weights is `dropout`, not 1 − dropout, for every one of them.

    被丢弃权重的比例是 dropout，而不是 1 − dropout，每个权重都如此。
    """
    for dropout in (0.05, 0.25, 0.9):
        weights, _ = trained(trial, dropout, 512)
        dropped = (weights[..., 0, :] == 0).double().mean(0)  # of every single weight
        share, deviation = dropped.mean().item(), (dropout * (1 - dropout) / 512) ** 0.5
        if abs(share - dropout) > 8 * deviation / dropped.numel() ** 0.5:
            trial.fail(
                f"With dropout = {dropout} a share of {share:.3f} was dropped.",
                f"dropout = {dropout} 时被丢弃的比例为 {share:.3f}。",
            )
        if (dropped - dropout).abs().max().item() > 8 * deviation:
            worst = dropped.flatten()[(dropped - dropout).abs().argmax()].item()
            trial.fail(
                f"With dropout = {dropout} one weight was dropped in {worst:.0%} of the items.",
                f"dropout = {dropout} 时，某个权重在 {worst:.0%} 的样本中被丢弃。",
            )


def check_modes_can_change(trial: Trial) -> None:
    """train() and eval() take effect every time, in any order.

    train() 与 eval() 随时可以切换，每次都生效。
    """
    layer, x = evaluated(trial, 6, 2, 0.5), trial.randn(2, 9, 6)
    expected = layer.reference(x)
    for mode in (False, True, False, True, False):
        layer.method("train").candidate(mode)
        output = layer.candidate(x)
        if not mode:
            trial.equal(output, expected)
        elif getattr(output, "shape", None) == x.shape and torch.equal(output, expected):
            trial.fail("train() has no effect after eval().", "eval() 之后 train() 不起作用。")


def check_gradients(trial: Trial) -> None:
    """In evaluation the gradients of the input and of every parameter are those of the definition.

    评估时，输入和每个参数的梯度都与定义一致。
    """
    for heads, length in trial.sizes((2, 5), (3, 1)):
        evaluated(trial, 6, heads, 0.3).compare(trial.randn(2, length, 6), dtypes=(DOUBLE,))


def check_batch_items_apart(trial: Trial) -> None:
    """Items of a batch do not see each other.

    批内各样本互不可见。
    """
    evaluated(trial, 6, 2, 0.5).batch_independent(trial.randn(3, 5, 6))


def check_large_logits(trial: Trial) -> None:
    """Scores of ten thousand give finite, right outputs.

    分数达到一万时输出有限且正确。
    """
    rows = torch.cat([trial.randn(16, 8, scale=40.0), trial.randn(8, 8)])
    layer = evaluated(trial, 8, 2, 0.5, weights={"qkv_linear.weight": rows})
    x = trial.randn(2, 5, 8)
    layer.compare(x, gradients=False, dtypes=(DOUBLE,), logits=1e5)
    if not layer.candidate(x.float()).isfinite().all():
        trial.fail("The output is not finite in float32.", "float32 下输出不是有限值。")
