"""What soft-capped attention must do: plain attention first, then the cap, its place and form."""

import torch

from grader.kit import Trial

ENTRY = "soft_capped_attention"
DOUBLE = torch.float64


def draw(
    trial: Trial,
    lengths: tuple[int, int] = (4, 6),
    widths: tuple[int, int] = (5, 3),
    leading: tuple[int, int] = (2, 3),
    scale: float = 1.0,
) -> list[torch.Tensor]:
    """Query, key and value; `scale` multiplies query and key."""
    (queries, keys), (dim, value_dim) = lengths, widths
    return [
        trial.randn(*leading, queries, dim, scale=scale),
        trial.randn(*leading, keys, dim, scale=scale),
        trial.randn(*leading, keys, value_dim),
    ]


def example_cap_of_one(trial: Trial) -> None:
    """Scores 0 and 3 with cap 1: the second becomes tanh 3 ≈ 0.995; the values show the weights.

    分数为 0 和 3，cap 为 1：后者变为 tanh 3 ≈ 0.995；值取单位矩阵，输出即权重。
    """
    query = torch.tensor([[[[3.0]]]], dtype=DOUBLE)
    key = torch.tensor([[[[0.0], [1.0]]]], dtype=DOUBLE)
    trial.function().show(query=query, key=key, value=torch.eye(2, dtype=DOUBLE)[None, None], cap=1)


def check_softmax_over_keys(trial: Trial) -> None:
    """With equal scores the output is the mean of the values: the softmax runs over the keys.

    分数全相等时，输出是各值的平均：softmax 沿键的维度归一化。
    """
    query, key, value = draw(trial)
    trial.function().compare(torch.zeros_like(query), key, value, 2.0, gradients=False)


def check_large_cap_changes_nothing(trial: Trial) -> None:
    """A cap far above all scores leaves ordinary attention, scaled by 1/sqrt(D).

    cap 远大于所有分数时就是普通的注意力，缩放为 1/sqrt(D)。
    """
    for widths in ((5, 3), (2, 7)):
        # At 2e5 the cap moves a score of 10 by less than 1e-8, so only scale and form matter.
        trial.function().compare(*draw(trial, widths=widths), 2e5, gradients=False, logits=2e5)


def check_scores_stay_within_cap(trial: Trial) -> None:
    """Scores far beyond it become ±cap: the weights differ by a factor of exp(2 cap) at most.

    远超上限的分数变为 ±cap：权重之间至多相差 exp(2·cap) 倍。
    """
    for cap in (0.5, 3.0):
        signs = trial.randint(0, 2, (2, 3, 6, 1)).double() * 2 - 1
        query, key = torch.full((2, 3, 4, 1), 50.0, dtype=DOUBLE), 40 * signs
        trial.function().compare(query, key, trial.randn(2, 3, 6, 5), cap, gradients=False)


def check_cap_acts_on_scaled_scores(trial: Trial) -> None:
    """The cap acts on the scaled scores, before the softmax: cap · tanh(score / cap).

    cap 作用于缩放之后、softmax 之前的分数：cap · tanh(score / cap)。
    """
    for widths, cap in (((5, 3), 0.7), ((9, 2), 2.0), ((3, 4), 1)):
        trial.function().compare(*draw(trial, (4, 6), widths), cap, gradients=False)


def check_values(trial: Trial) -> None:
    """The output agrees with the definition at all sizes, in float64 and float32.

    在各种尺寸下，float64 与 float32 的输出都与定义一致。
    """
    for lengths, widths, leading, cap in (
        ((7, 4), (4, 6), (3, 2), 1.3),
        ((1, 9), (6, 3), (2, 1), 4.0),
        ((5, 1), (3, 1), (1, 2), 0.4),
    ):
        trial.function().compare(*draw(trial, lengths, widths, leading), cap, gradients=False)


def check_gradients(trial: Trial) -> None:
    """The gradients of query, key and value are right: they shrink where the cap bends.

    query、key、value 的梯度正确：在软上限弯曲处梯度变小。
    """
    for lengths, cap in (((4, 6), 0.8), ((3, 5), 5.0)):
        trial.function().compare(*draw(trial, lengths), cap, dtypes=(DOUBLE,))


def check_large_logits(trial: Trial) -> None:
    """Scores of ten thousand give finite, right results and gradients, whatever the cap.

    无论 cap 多大，分数达到一万时结果与梯度都有限且正确。
    """
    query, key, value = draw(trial, (4, 6), (16, 3), (2, 2), scale=50.0)
    for cap in (2.0, 50.0, 3e4):
        trial.function().compare(query, key, value, cap, logits=max(1e4, cap))
    # Scores of about 1e4 with gaps of 1 and a cap of 1e4: it bends the gaps to 1 - tanh(1)^2.
    query = torch.full((2, 2, 4, 16), 100.0, dtype=DOUBLE)
    query[..., -1] = 4.0
    key = torch.full((2, 2, 6, 16), 26.0, dtype=DOUBLE)
    key[..., -1] = trial.randint(-2, 3, (2, 2, 6)).double()
    trial.function().compare(query, key, value, 1e4, logits=1e4)
