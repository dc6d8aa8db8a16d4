"""What T5's buckets must be: form, sides, near distances, logarithmic ones, one direction."""

import math
from typing import Any

import torch

from grader.kit import Trial

ENTRY = "relative_position_bucket"


def off_edge(distances: torch.Tensor, buckets: int, farthest: int) -> torch.Tensor:
    """The distances that do not lie on the edge of a logarithmic bucket, where rounding decides.

    `buckets` are those of one side. The edges are exact * (farthest / exact)^(k / (buckets -
    exact)) with 0 < k < buckets - exact.
    """
    exact = buckets // 2
    steps = (distances.abs().clamp(min=1).double() / exact).log()
    steps = steps * (buckets - exact) / math.log(farthest / exact)
    inner = (steps > 0.5) & (steps < buckets - exact - 0.5)
    return distances[~(inner & ((steps - steps.round()).abs() < 1e-4))]


def buckets_of(trial: Trial, positions: torch.Tensor, *options: Any) -> Any:
    """The submission's buckets, once they have the shape of the positions."""
    found = trial.function().candidate(positions, *options)
    if getattr(found, "shape", None) != positions.shape:
        trial.function().compare(positions, *options, gradients=False)
    return found


def hold(trial: Trial, positions: torch.Tensor, *options: Any) -> None:
    trial.function().compare(positions, *options, gradients=False, dtypes=(torch.float64,))


def example_near(trial: Trial) -> None:
    """Eight buckets, so four a side: distances 0 and 1 have their own, the future starts at 4.

    八个桶，每侧四个：距离 0、1 各占一桶，未来从 4 号开始。
    """
    trial.function().show(
        relative_position=torch.arange(-3, 4), num_buckets=8, max_distance=16, bidirectional=True
    )


def example_far(trial: Trial) -> None:
    """A decoder with the default 32 buckets: one each up to 15, then wider and wider ones.

    解码器，默认 32 个桶：15 以内各占一桶，之后越来越宽。
    """
    trial.function().show(
        relative_position=torch.tensor([5, 0, -1, -15, -17, -20, -50, -127, -1000]),
        num_buckets=32,
        max_distance=128,
        bidirectional=False,
    )


def check_shape(trial: Trial) -> None:
    """Any shape of positions gives the same shape of buckets.

    输入可以是任何形状，输出形状与之相同。
    """
    for shape in ((), (5,), (3, 4), (2, 3, 2)):
        buckets_of(trial, trial.randint(-6, 7, shape))


def check_integers(trial: Trial) -> None:
    """Buckets are integers, ready to index a table.

    桶号是整数，可以直接用来查表。
    """
    found = buckets_of(trial, torch.arange(-3, 4))
    if found.dtype not in (torch.int64, torch.int32, torch.int16, torch.int8):
        trial.fail(
            f"The buckets have dtype {found.dtype}, expected integers.",
            f"桶号的 dtype 为 {found.dtype}，应为整数。",
        )


def check_range(trial: Trial) -> None:
    """Every bucket lies in 0 … num_buckets − 1, however far the key.

    无论键有多远，桶号都在 0 到 num_buckets − 1 之间。
    """
    positions = torch.tensor([-100000, -5000, -129, -3, 0, 3, 129, 5000, 100000])
    for buckets in (32, 16):
        for bidirectional in (True, False):
            found = buckets_of(trial, positions, buckets, 128, bidirectional)
            if found.min() < 0 or found.max() > buckets - 1:
                trial.fail(
                    f"With {buckets} buckets there is a bucket {int(found.min())} or "
                    f"{int(found.max())}.",
                    f"共 {buckets} 个桶，却出现了桶号 {int(found.min())} 或 {int(found.max())}。",
                )


def check_query_itself(trial: Trial) -> None:
    """The query itself, position 0, has bucket 0.

    查询自己（相对位置 0）的桶号为 0。
    """
    for bidirectional in (True, False):
        hold(trial, torch.zeros(1, dtype=torch.int64), 32, 128, bidirectional)


def check_sides(trial: Trial) -> None:
    """Bidirectional: keys before the query get the lower half of the buckets, later ones the upper.

    双向时，查询之前的键用前一半的桶，之后的键用后一半。
    """
    far = torch.arange(1, 300)
    before = buckets_of(trial, -far, 32, 128, True)
    after = buckets_of(trial, far, 32, 128, True)
    if before.max() >= 16 or after.min() < 16:
        trial.fail(
            "With 32 buckets, keys before the query must have buckets below 16, keys after it "
            f"16 or more; got up to {int(before.max())} and from {int(after.min())}.",
            "共 32 个桶时，查询之前的键的桶号应小于 16，之后的应不小于 16；"
            f"实际前者最大为 {int(before.max())}，后者最小为 {int(after.min())}。",
        )


def check_input_untouched(trial: Trial) -> None:
    """The positions are not modified.

    不修改输入的相对位置。
    """
    hold(trial, torch.tensor([-100000, 100000]))  # each in the last bucket of its side


def check_near(trial: Trial) -> None:
    """Distances below a quarter of num_buckets have a bucket each, on either side.

    双向时，小于 num_buckets / 4 的距离在两侧各占一桶。
    """
    for buckets in (32, 20):
        near = buckets // 4
        hold(trial, torch.arange(-near + 1, near), buckets, 128, True)


def check_beyond_the_maximum(trial: Trial) -> None:
    """All distances from max_distance on share the last bucket of their side.

    从 max_distance 起，所有距离共用各自一侧的最后一个桶。
    """
    far = torch.tensor([128, 129, 200, 1000, 100000])
    hold(trial, torch.cat([-far, far]))
    hold(trial, torch.cat([-far, far]), 32, 100, True)


def check_logarithmic(trial: Trial) -> None:
    """Between, the buckets grow logarithmically: e + ⌊log(d / e) / log(m / e) · (n − e)⌋.

    两者之间按对数划分：e + ⌊log(d / e) / log(m / e) · (n − e)⌋。
    """
    distances = off_edge(torch.arange(8, 128), 16, 128)
    hold(trial, torch.cat([-distances, distances]))


def check_num_buckets(trial: Trial) -> None:
    """num_buckets is an argument, and need not be a power of two; halves are rounded down.

    num_buckets 是参数，不必是 2 的幂；取一半时向下取整。
    """
    for buckets in (16, 64, 20, 12, 14, 10, 9):
        distances = off_edge(torch.arange(1, 160), buckets // 2, 128)
        hold(trial, torch.cat([-distances, distances]), buckets)


def check_max_distance(trial: Trial) -> None:
    """max_distance is an argument: the logarithmic buckets reach up to it.

    max_distance 是参数：对数桶一直延伸到它为止。
    """
    for farthest in (40, 300, 1000):
        distances = off_edge(torch.arange(1, 1200), 16, farthest)
        hold(trial, torch.cat([-distances, distances]), 32, farthest)


def check_one_direction_future(trial: Trial) -> None:
    """Not bidirectional: every future key has bucket 0, like the query itself.

    单向时，未来的键桶号都是 0，与查询自己相同。
    """
    hold(trial, torch.arange(0, 200, 7), 32, 128, False)


def check_one_direction_past(trial: Trial) -> None:
    """Not bidirectional: all the buckets serve the past, half of them one distance each.

    单向时，所有的桶都用于过去，其中一半各对应一个距离。
    """
    for buckets, farthest in ((32, 128), (20, 300), (8, 50), (7, 50), (3, 50), (32, 24)):
        hold(trial, -off_edge(torch.arange(1, 400), buckets, farthest), buckets, farthest, False)


def check_matrix(trial: Trial) -> None:
    """A whole matrix of relative positions, as a layer uses it, in both modes.

    像注意力层中那样，对整个相对位置矩阵计算，两种模式都对。
    """
    queries, keys = 12, trial.integer(13, 16)  # no distance reaches 16, a whole edge
    positions = torch.arange(keys)[None] - torch.arange(queries)[:, None]
    for bidirectional in (True, False):
        hold(trial, positions, 32, 128, bidirectional)
