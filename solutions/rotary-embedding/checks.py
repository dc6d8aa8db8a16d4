"""What a rotary embedding must do: a rotation, of which pairs, which way, how fast."""

from typing import Any

import torch

from grader.kit import Trial

ENTRY = "apply_rotary"
DOUBLE = torch.float64


def rotated(trial: Trial, x: torch.Tensor, positions: torch.Tensor) -> Any:
    """The submission's result, once it has the shape of x."""
    y = trial.function().candidate(x, positions)
    if getattr(y, "shape", None) != x.shape:
        trial.function().compare(x, positions, gradients=False)
    return y


def example_one_pair(trial: Trial) -> None:
    """A head of two features: position 1 turns the pair by one radian.

    只有两个特征的头：位置 1 把这一对旋转 1 弧度。
    """
    x = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], dtype=DOUBLE)
    trial.function().show(x=x, positions=torch.tensor([0, 1, 1]))


def example_two_pairs(trial: Trial) -> None:
    """Four features with base 100: pairs (0, 2) and (1, 3) turn by 1 and by 0.1 radians.

    四个特征、base 为 100：(0, 2) 与 (1, 3) 两对分别旋转 1 和 0.1 弧度。
    """
    x = torch.tensor([[1.0, 1.0, 0.0, 0.0]], dtype=DOUBLE)
    trial.function().show(x=x, positions=torch.tensor([1]), base=100.0)


def check_position_zero(trial: Trial) -> None:
    """Position 0 changes nothing: shape, dtype and values are those of x.

    位置 0 不改变任何东西：形状、dtype 和数值都与 x 相同。
    """
    trial.function().compare(trial.randn(3, 1, 2), torch.tensor([0]), gradients=False)


def check_lengths_kept(trial: Trial) -> None:
    """A rotation keeps the length of every vector.

    旋转不改变任何向量的长度。
    """
    x = trial.randn(2, 5, 8)
    y = rotated(trial, x, trial.randint(0, 50, (5,)))
    trial.equal(y.norm(dim=-1), x.norm(dim=-1), ("length of the vectors", "向量的长度"))


def check_direction(trial: Trial) -> None:
    """The angle is positive: (1, 0) at position p becomes (cos p, sin p).

    角度为正：位置 p 上的 (1, 0) 变成 (cos p, sin p)。
    """
    x = torch.tensor([[1.0, 0.0]], dtype=DOUBLE).repeat(4, 1)
    trial.function().compare(x, torch.arange(4), gradients=False, tolerance=1e-4)


def check_pairs_are_half_split(trial: Trial) -> None:
    """Feature i is paired with i + D/2, not with its neighbour.

    第 i 个特征与第 i + D/2 个配对，而不是与相邻的配对。
    """
    for width in (6, 8):
        for feature in range(width):
            x = torch.zeros(1, width, dtype=DOUBLE)
            x[0, feature] = 1.0
            y = rotated(trial, x, torch.tensor([3]))
            partner = (feature + width // 2) % width
            others = [i for i in range(width) if i not in (feature, partner)]
            trial.equal(
                y[0, others], torch.zeros(len(others), dtype=DOUBLE), ("other features", "其他特征")
            )


def check_frequencies(trial: Trial) -> None:
    """Pair i turns by position · base^(−2i/D): the first pair fastest, with base 10000.

    第 i 对旋转 position · base^(−2i/D)：第一对最快，base 默认为 10000。
    """
    for dim in (2, 4, 6, 10):
        x = trial.randn(4, dim)
        trial.function().compare(x, torch.arange(4), gradients=False, tolerance=1e-4)


def check_base(trial: Trial) -> None:
    """The base is an argument: another one gives other frequencies.

    base 是参数：换一个值，频率随之改变。
    """
    for base in (100.0, 500000.0):
        x = trial.randn(4, 12)
        trial.function().compare(x, torch.arange(4), base, gradients=False, tolerance=1e-4)


def check_given_positions(trial: Trial) -> None:
    """Row l turns by positions[l], in whatever order and wherever they start.

    第 l 行按 positions[l] 旋转，无论顺序如何、从哪里开始。
    """
    given = [torch.tensor(positions) for positions in ([4, 4, 0, 9, 2], [4, 0, 9, 4, 2])]
    for positions in (torch.arange(7, 12), trial.permutation(5), *given):
        x = trial.randn(2, 5, 6)
        trial.function().compare(x, positions, gradients=False, tolerance=1e-4)


def check_leading_dimensions(trial: Trial) -> None:
    """Any number of leading dimensions works; all share the positions of the length axis.

    前面的维度数目任意，它们共用长度维上的位置。
    """
    for leading in ((), (3,), (2, 3), (2, 1, 3), (5, 5)):
        x = trial.randn(*leading, 5, 6)
        trial.function().compare(x, torch.arange(5), gradients=False, tolerance=1e-4)


def check_far_positions(trial: Trial) -> None:
    """Far positions are exact too: the angles are computed in the dtype of x or better.

    很远的位置也要精确：角度以 x 的 dtype 或更高精度计算。
    """
    positions = trial.randint(5_000, 9_000, (4,))
    for far in (positions, 8 * positions):
        trial.function().compare(trial.randn(2, 4, 6), far, gradients=False, dtypes=(DOUBLE,))
    # float32 angles of this size carry an error of 9000 units of rounding.
    trial.function().compare(
        trial.randn(2, 4, 6), positions, gradients=False, dtypes=(torch.float32,), logits=1e4
    )


def check_relative(trial: Trial) -> None:
    """Scores of rotated queries and keys depend on the distance of the positions only.

    旋转后的查询与键的点积只取决于位置之差。
    """
    query, key = trial.randn(1, 8), trial.randn(1, 8)
    scores = []
    for shift in (0, 11, 300):
        q = rotated(trial, query, torch.tensor([5 + shift]))
        k = rotated(trial, key, torch.tensor([2 + shift]))
        scores.append((q * k).sum())
    for score in scores[1:]:
        trial.equal(score, scores[0], ("score at the same distance", "相同距离处的分数"))


def check_gradients(trial: Trial) -> None:
    """The gradient of x is right, and x itself is not modified.

    x 的梯度正确，x 本身不被修改。
    """
    for leading, dim in (((2, 3), 6), ((), 4)):
        x = trial.randn(*leading, 5, dim)
        trial.function().compare(x, torch.tensor([0, 7, 3, 19, 7]), dtypes=(DOUBLE,))
