"""What a TransformerBlock must do: its two halves one by one, then together."""

from typing import Any

import torch

from grader.kit import Subject, Trial

ENTRY = "TransformerBlock"
DOUBLE = torch.float64


def silent(*layers: str, model: int = 6, hidden: int = 10) -> dict[str, torch.Tensor]:
    """Weights that make these layers return zeros."""
    shapes = {"output_linear": (model, model), "ff2": (model, hidden)}
    weights = {}
    for name in layers:
        weights[f"{name}.weight"] = torch.zeros(*shapes[name], dtype=DOUBLE)
        weights[f"{name}.bias"] = torch.zeros(model, dtype=DOUBLE)
    return weights


def shaped(trial: Trial, subject: Subject, *inputs: Any) -> Any:
    """The submission's outputs, once they have the number and the shapes of the reference's."""
    got, wanted = subject.candidate(*inputs), subject.reference(*inputs)
    if shapes(got) != shapes(wanted):
        subject.compare(*inputs, gradients=False)  # fails, and says how the shapes differ
        trial.fail("The shape of the result changes.", "两次调用的结果形状不同。")
    return got


def shapes(value: Any) -> Any:
    return [*map(shapes, value)] if isinstance(value, tuple) else getattr(value, "shape", None)


def example_silent_block(trial: Trial) -> None:
    """With output_linear and ff2 zero only the residual path is left.

    output_linear 与 ff2 全为零时，只剩残差通路。
    """
    layer = trial.layer(2, 1, 3, weights=silent("output_linear", "ff2", model=2, hidden=3))
    layer.show(x=torch.tensor([[[1.0, 2.0], [3.0, 5.0]]], dtype=DOUBLE))


def check_parameters(trial: Trial) -> None:
    """The block has norm1, qkv_linear, output_linear, norm2, ff1 and ff2, all with biases.

    该块有 norm1、qkv_linear、output_linear、norm2、ff1、ff2，都带偏置。
    """
    trial.layer(6, 2, 10)


def check_indivisible_width(trial: Trial) -> None:
    """A d_model that num_heads does not divide raises ValueError; d_ff may be anything.

    d_model 不能被 num_heads 整除时抛出 ValueError；d_ff 任意。
    """
    trial.raises(ValueError, trial.construct, 10, 3, 12)
    trial.raises(ValueError, trial.construct, 4, 8, 12)
    trial.layer(6, 3, 7)


def check_deterministic(trial: Trial) -> None:
    """The same input gives the same output every time: there is no dropout.

    同样的输入每次都得到同样的输出：没有 dropout。
    """
    layer, x = trial.layer(6, 2, 40), trial.randn(2, 60, 6)
    first, second = (shaped(trial, layer, x) for _ in range(2))
    trial.equal(second, first, ("output of a second call", "第二次调用的输出"))


def check_residual_path(trial: Trial) -> None:
    """With both halves silent the block returns x itself: nothing normalises the residual path.

    两个子层都输出零时，该块返回 x 本身：残差通路上没有归一化。
    """
    layer = trial.layer(6, 2, 10, weights=silent("output_linear", "ff2"))
    x = trial.randn(2, 5, 6)
    trial.equal(shaped(trial, layer, x), x)


def check_feed_forward_half(trial: Trial) -> None:
    """With silent attention the block is x + ff2(GELU(ff1(norm2(x)))), with the exact GELU.

    注意力输出为零时，该块等于 x + ff2(GELU(ff1(norm2(x))))，GELU 为精确形式。
    """
    layer = trial.layer(6, 2, 10, weights=silent("output_linear"))
    layer.compare(trial.randn(2, 5, 6, scale=50.0), gradients=False)  # eps does not matter yet


def check_single_token_attention(trial: Trial) -> None:
    """One token, silent feed-forward: x + output_linear(value of norm1(x)), the last third.

    一个词元且前馈为零：x + output_linear(norm1(x) 的值)，值是最后三分之一。
    """
    layer = trial.layer(6, 2, 10, weights=silent("ff2"))
    layer.compare(trial.randn(1, 1, 6, scale=50.0), gradients=False)


def check_epsilon(trial: Trial) -> None:
    """The norms use eps = 1e-5, which shows on inputs of small variance.

    归一化的 eps 为 1e-5，输入方差很小时才显出差别。
    """
    for quiet in ("output_linear", "ff2"):
        layer = trial.layer(6, 2, 10, weights=silent(quiet))
        layer.compare(trial.randn(1, 1, 6, scale=1e-3), gradients=False, dtypes=(DOUBLE,))


def check_causal(trial: Trial) -> None:
    """No position sees the ones after it.

    任何位置都看不到后面的位置。
    """
    layer, x = trial.layer(6, 1, 10), trial.randn(2, 6, 6)
    before = shaped(trial, layer, x)
    for cut in range(1, 6):
        moved = x.clone()
        moved[:, cut:] = trial.randn(2, 6 - cut, 6)
        trial.equal(
            shaped(trial, layer, moved)[:, :cut], before[:, :cut], ("earlier outputs", "之前的输出")
        )


def check_attention_half(trial: Trial) -> None:
    """With silent feed-forward the block is x + causal attention of norm1(x), scale 1/sqrt(d).

    前馈输出为零时，该块等于 x + 对 norm1(x) 的因果注意力，缩放为 1/sqrt(d)。
    """
    for heads in (1, 2, 3):
        layer = trial.layer(6, heads, 10, weights=silent("ff2"))
        layer.compare(trial.randn(2, 5, 6), gradients=False)


def check_second_half_reads_the_first(trial: Trial) -> None:
    """norm2 and the feed-forward part read the sum after attention, one half after the other.

    norm2 与前馈读取的是注意力之后的和，两个子层依次进行。
    """
    layer = trial.layer(6, 2, 10)
    layer.compare(trial.randn(2, 5, 6), gradients=False)


def check_values(trial: Trial) -> None:
    """The output agrees with the definition at all sizes, in float64 and float32.

    在各种尺寸下，float64 与 float32 的输出都与定义一致。
    """
    for batch, length, heads, width, hidden in trial.sizes((2, 5, 3, 4, 7), (1, 9, 2, 3, 24)):
        layer = trial.layer(heads * width, heads, hidden)
        layer.compare(trial.randn(batch, length, heads * width), gradients=False)
        layer.compare(trial.randn(batch, length + 3, heads * width), gradients=False)


def check_batch_items_apart(trial: Trial) -> None:
    """Items of a batch do not see each other.

    批内各样本互不可见。
    """
    trial.layer(6, 2, 10).batch_independent(trial.randn(3, 5, 6))


def check_gradients(trial: Trial) -> None:
    """The gradients of the input and of every parameter are those of the definition.

    输入和每个参数的梯度都与定义一致。
    """
    for heads, length in ((2, 5), (3, 1)):
        layer = trial.layer(6, heads, 10)
        layer.compare(trial.randn(2, length, 6), dtypes=(DOUBLE,))


def check_large_logits(trial: Trial) -> None:
    """Scores of ten thousand give finite, right outputs.

    分数达到一万时输出有限且正确。
    """
    model = 6
    weights = {"qkv_linear.weight": trial.randn(3 * model, model, scale=60.0)}
    layer = trial.layer(model, 2, 10, weights=weights)
    x = trial.randn(2, 5, model)
    layer.compare(x, dtypes=(DOUBLE,), logits=1e5)
    if not layer.candidate(x.float()).isfinite().all():
        trial.fail("The output is not finite in float32.", "float32 下输出不是有限值。")


def check_large_hidden_values(trial: Trial) -> None:
    """Far from zero the GELU is right too: hidden values are not cut off.

    远离零时 GELU 依然正确：隐藏值不被截断。
    """
    weights = silent("output_linear") | {"ff1.weight": trial.randn(10, 6, scale=6.0)}
    trial.layer(6, 2, 10, weights=weights).compare(trial.randn(2, 5, 6), gradients=False)


def check_long(trial: Trial) -> None:
    """One block serves sequences of any length.

    同一个块可以处理任意长度的序列。
    """
    layer = trial.layer(6, 2, 10)
    for length in (3, 300):
        layer.compare(trial.randn(1, length, 6), gradients=False, dtypes=(DOUBLE,))


def check_same_in_evaluation(trial: Trial) -> None:
    """The layer gives the same after eval(): nothing here is for training alone.

    调用 eval() 之后结果不变：这里没有只在训练时才做的事。
    """
    layer = trial.layer(6, 2, 10)
    layer.method("eval").candidate()
    layer.compare(trial.randn(2, 5, 6), gradients=False, dtypes=(DOUBLE,))
