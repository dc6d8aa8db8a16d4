"""What gated attention must do: plain attention behind an open gate, then the gate itself."""

import torch

from grader.kit import Trial

ENTRY = "gated_attention"
DOUBLE = torch.float64


def draw(
    trial: Trial,
    lengths: tuple[int, int] = (4, 6),
    widths: tuple[int, int] = (5, 3),
    leading: tuple[int, int] = (2, 3),
) -> list[torch.Tensor]:
    """Query, key, value and gate."""
    (queries, keys), (dim, value_dim) = lengths, widths
    return [
        trial.randn(*leading, queries, dim),
        trial.randn(*leading, keys, dim),
        trial.randn(*leading, keys, value_dim),
        trial.randn(*leading, queries, value_dim, scale=2.0),
    ]


def opened(trial: Trial, *args: tuple[int, int]) -> list[torch.Tensor]:
    """A draw whose gate is fully open: sigmoid(60) is 1 in float64."""
    *rest, gate = draw(trial, *args)
    return [*rest, torch.full_like(gate, 60.0)]


def example_three_gates(trial: Trial) -> None:
    """The attention gives 4, 4, 4; gates of 0, 100 and −100 let through a half, all, and nothing.

    注意力给出 4、4、4；门为 0、100、−100 时分别通过一半、全部和零。
    """
    one = torch.ones(1, 1, 1, 1, dtype=DOUBLE)
    value = torch.full((1, 1, 1, 3), 4.0, dtype=DOUBLE)
    gate = torch.tensor([[[[0.0, 100.0, -100.0]]]], dtype=DOUBLE)
    trial.function().show(query=one, key=one, value=value, gate=gate)


def check_closed_gate(trial: Trial) -> None:
    """A strongly negative gate lets nothing through, a strongly positive one everything.

    门为很大的负数时什么也不通过，为很大的正数时全部通过。
    """
    # A single key: the attention returns its value whatever the scores are.
    *rest, gate = opened(trial, (1, 1), (5, 3))
    closed = (torch.arange(6) % 2 == 0).view(2, 3, 1, 1)
    trial.function().compare(*rest, torch.where(closed, -gate, gate), gradients=False)


def check_gate_is_a_sigmoid(trial: Trial) -> None:
    """The gate holds logits: every feature of the output is multiplied by its sigmoid(gate).

    gate 是 logits：输出的每个特征乘以对应的 sigmoid(gate)。
    """
    for lengths, widths in (((1, 1), (4, 6)), ((1, 1), (2, 5))):
        trial.function().compare(*draw(trial, lengths, widths), gradients=False)


def check_softmax_over_keys(trial: Trial) -> None:
    """With equal scores and an open gate the output is the mean of the values.

    分数全相等且门全开时，输出是各值的平均。
    """
    query, *rest = opened(trial)
    trial.function().compare(torch.zeros_like(query), *rest, gradients=False)


def check_scale(trial: Trial) -> None:
    """With an open gate it is ordinary attention, scaled by 1/sqrt(D).

    门全开时就是普通的注意力，缩放为 1/sqrt(D)。
    """
    for widths in ((5, 3), (2, 7)):
        trial.function().compare(*opened(trial, (4, 6), widths), gradients=False)


def check_gate_after_attention(trial: Trial) -> None:
    """Each query gates its own output, feature by feature, after the attention.

    每个查询在注意力之后逐特征地控制自己的输出。
    """
    for lengths, widths, leading in (
        ((4, 6), (5, 3), (2, 3)),
        ((6, 6), (4, 4), (3, 2)),
        ((1, 7), (3, 5), (1, 4)),
    ):
        trial.function().compare(*draw(trial, lengths, widths, leading), gradients=False)


def check_gradients(trial: Trial) -> None:
    """The gradients of query, key, value and gate are right.

    query、key、value 和 gate 的梯度都正确。
    """
    trial.function().compare(*draw(trial), dtypes=(DOUBLE,))
    trial.function().compare(*draw(trial, (3, 2), (4, 6), (1, 2)), dtypes=(DOUBLE,))


def check_large_logits(trial: Trial) -> None:
    """Scores of ten thousand, positive or negative, give finite, right results.

    分数达到正负一万时结果有限且正确。
    """
    # With D = 16 the scale is exact, so whole numbers are not rounded in float32.
    query, key = (trial.randint(-100, 101, (2, 2, n, 16)).double() for n in (4, 6))
    value, gate = trial.randn(2, 2, 6, 3), trial.randn(2, 2, 4, 3)
    trial.function().compare(query, key, value, gate, logits=1e4)


def check_large_gates(trial: Trial) -> None:
    """Gates of ten thousand, positive or negative, give finite, right results.

    门的 logits 达到正负一万时结果有限且正确。
    """
    *rest, gate = draw(trial)
    trial.function().compare(*rest, 1e4 * gate.sign())
