"""What attention rollout must do: one layer in all its steps, then the product of many."""

from typing import Any

import torch

from grader.kit import Trial

ENTRY = "attention_rollout"
DOUBLE = torch.float64


def rows(trial: Trial, *shape: int) -> torch.Tensor:
    """Random weights whose rows sum to one."""
    drawn = trial.rand(*shape) ** 3 + 0.01
    return drawn / drawn.sum(dim=-1, keepdim=True)


def circulant(trial: Trial, layers: int) -> torch.Tensor:
    """(layers, 2, 1, 5, 5): rows and columns sum to one, and any two of these matrices commute."""
    first = rows(trial, layers, 2, 1, 5)
    return torch.stack([first.roll(row, dims=-1) for row in range(5)], dim=-2)


def hold(trial: Trial, weights: torch.Tensor, **options: Any) -> None:
    trial.function().compare(weights, gradients=options.pop("gradients", False), **options)


def example_two_layers(trial: Trial) -> None:
    """Two layers, one head: in each the second token looks at the first alone.

    两层、一个头：每层中第二个词元都只看第一个。
    """
    layer = torch.tensor([[1.0, 0.0], [1.0, 0.0]], dtype=DOUBLE)
    trial.function().show(weights=layer.expand(2, 1, 1, 2, 2).contiguous())


def check_shape(trial: Trial) -> None:
    """The result has shape (B, L, L): one matrix per item, layers and heads are gone.

    结果形状为 (B, L, L)：每个样本一个矩阵，层与头的维度都已消去。
    """
    for layers, batch, heads, length in trial.sizes((3, 2, 4, 5), (1, 1, 1, 1)):
        got = trial.function().candidate(rows(trial, layers, batch, heads, length, length))
        shape, wanted = tuple(getattr(got, "shape", ())), (batch, length, length)
        if shape != wanted:
            trial.fail(
                f"The result has shape {shape}, expected {wanted}.",
                f"结果形状为 {shape}，应为 {wanted}。",
            )


def check_residual_connection(trial: Trial) -> None:
    """One layer, one head: half of every row stays with the token itself, 0.5·A + 0.5·I.

    一层、一个头：每行的一半留给词元自己，即 0.5·A + 0.5·I。
    """
    hold(trial, circulant(trial, 1))


def check_rows_renormalised(trial: Trial) -> None:
    """Rows that do not sum to one do so in the end: they are divided by their sum after adding I.

    行和不为 1 时，加上 I 之后再除以行和，使其为 1。
    """
    weights = trial.rand(1, 2, 1, 5, 5)
    hold(trial, weights)
    weights[0, :, :, 2] = 0  # a row that attends to nothing
    hold(trial, weights)
    hold(trial, 3 * weights)
    hold(trial, rows(trial, 3, 2, 2, 5, 5).float().double())  # sums of 1 to float32's rounding


def check_mean_over_heads(trial: Trial) -> None:
    """One layer, several heads: the heads are averaged.

    一层、多个头：对各头取平均。
    """
    hold(trial, rows(trial, 1, 2, 4, 5, 5))


def check_every_layer(trial: Trial) -> None:
    """Every layer takes part, from the first up to the last.

    从第一层到最后一层，每一层都参与。
    """
    # The order does not matter here; it has a check of its own.
    hold(trial, circulant(trial, 4))


def check_later_layer_on_the_left(trial: Trial) -> None:
    """Two layers: the second reads what the first has mixed, so the result is A₂ A₁.

    两层：第二层读取的是第一层混合后的结果，所以结果是 A₂ A₁。
    """
    hold(trial, rows(trial, 2, 2, 1, 5, 5))


def check_values(trial: Trial) -> None:
    """The result agrees with the definition when every size is different.

    各维长度互不相同时，结果与定义一致。
    """
    for layers, batch, heads, length in trial.sizes((3, 2, 4, 5), (5, 4, 2, 3), (6, 1, 3, 2)):
        hold(trial, trial.rand(layers, batch, heads, length, length))
    causal = trial.rand(3, 2, 2, 6, 6).tril()
    hold(trial, causal)


def check_gradients(trial: Trial) -> None:
    """The gradient of the weights is right.

    weights 的梯度正确。
    """
    for shape in ((3, 2, 2, 4, 4), (12, 1, 1, 3, 3)):
        weights = 0.01 + 3 * trial.rand(*shape)
        hold(trial, weights, gradients=True, dtypes=(DOUBLE,))


def check_batch_items_apart(trial: Trial) -> None:
    """Every item of the batch gives the same alone as in company.

    批内每个样本单独计算与一起计算结果相同。
    """
    weights = trial.rand(3, 2, 2, 4, 4)
    together = trial.function().candidate(weights)
    for item in range(2):
        alone = trial.function().candidate(weights[:, item : item + 1].contiguous())
        trial.equal(
            together[item : item + 1], alone, (f"result of item {item}", f"第 {item} 个样本的结果")
        )
