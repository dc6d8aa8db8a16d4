"""What online_softmax must return: one block, many blocks, one pass, then the edges."""

from collections.abc import Sequence
from typing import Any

import torch

from grader.kit import Trial, once

ENTRY = "online_softmax"
NAMES = ("maximum", "sum_of_exponentials")
DOUBLE = torch.float64


def split(trial: Trial, widths: Sequence[int], *leading: int) -> list[torch.Tensor]:
    return [trial.randn(*leading, width) for width in widths]


def hold(
    trial: Trial, blocks: list[torch.Tensor], gradients: bool = False, **options: float
) -> None:
    """The submission against the reference on these blocks, readable once."""
    trial.function().compare(once(blocks), gradients=gradients, names=NAMES, **options)


def example_two_blocks(trial: Trial) -> None:
    """The numbers 0 and 1, then 2, in two blocks.

    两个块：先是 0 和 1，再是 2。
    """
    blocks = [torch.tensor([0.0, 1.0], dtype=DOUBLE), torch.tensor([2.0], dtype=DOUBLE)]
    trial.function().show(blocks=once(blocks))


def pair(trial: Trial, blocks: list[torch.Tensor]) -> Any:
    """The submission's two results."""
    got = trial.function().candidate(once(blocks))
    if not isinstance(got, tuple) or len(got) != 2 or not isinstance(got[1], torch.Tensor):
        hold(trial, blocks)
        trial.fail("Expected (maximum, sum).", "应返回 (最大值, 和)。")
    return got


def check_read_once(trial: Trial) -> None:
    """The blocks can be read only once: a second pass finds nothing to add up.

    各块只能读取一次：第二遍已经没有东西可加。
    """
    if not (pair(trial, [torch.ones(1, 2, dtype=DOUBLE)])[1] > 0).all():
        trial.fail("The sum of one block is not positive.", "单个块的和不是正数。")


def check_one_block(trial: Trial) -> None:
    """For one block: the maximum and the sum of exp(x − maximum), in that order, not its logarithm.

    只有一块时：依次返回最大值与 exp(x − 最大值) 之和，不取对数。
    """
    for leading in ((1,), (1, 1), ()):
        hold(trial, [trial.rand(*leading, 5)])


def check_below_zero(trial: Trial) -> None:
    """The maximum of negative numbers is negative: the search starts at minus infinity.

    全为负数时最大值也是负数：搜索从负无穷开始。
    """
    hold(trial, [-1 - trial.rand(1, 4)])


def check_maximum_of_all_blocks(trial: Trial) -> None:
    """The maximum is that of all blocks, wherever it stands.

    最大值取自所有块，无论它在哪一块。
    """
    numbers = [0.0, -2.0, 3.0]
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        # Far apart, so that only the block of the maximum adds to the sum.
        blocks = [torch.full((2, 1), 1000 * numbers[i], dtype=DOUBLE) for i in order]
        trial.equal(pair(trial, blocks)[0], torch.full((2,), 3000.0, dtype=DOUBLE), "maximum")


def check_equal_maxima_add_up(trial: Trial) -> None:
    """Blocks with the same maximum add their sums.

    最大值相同的块，指数和直接相加。
    """
    blocks = [-trial.rand(2, 4) for _ in range(3)]
    for block in blocks:
        block[:, trial.integer(0, 4)] = 0.0
    hold(trial, blocks)


def check_old_sum_rescaled(trial: Trial) -> None:
    """When a later block raises the maximum, the old sum is scaled by exp(old − new).

    后面的块抬高最大值时，旧的和要乘以 exp(旧最大值 − 新最大值)。
    """
    rising = [trial.rand(1, 3) + step for step in range(4)]
    hold(trial, rising)


def check_new_block_rescaled(trial: Trial) -> None:
    """A block below the running maximum is measured against that, not against its own maximum.

    低于当前最大值的块，要以当前最大值而不是它自己的最大值为基准。
    """
    falling = [trial.rand(1, 3) - step for step in range(4)]
    hold(trial, falling)


def check_rows_by_themselves(trial: Trial) -> None:
    """Every row has a running maximum of its own.

    每一行有各自的当前最大值。
    """
    shift = torch.tensor([[0.0], [2000.0], [-2000.0]], dtype=DOUBLE)
    hold(trial, [x + shift for x in split(trial, (3, 3, 3), 3)], logits=2e3)


def check_unequal_blocks(trial: Trial) -> None:
    """Blocks may have any lengths, one included, and any leading dimensions.

    各块长度任意，可以为 1；前面的维度也任意。
    """
    for leading in ((), (3,), (2, 3), (2, 1, 4)):
        hold(trial, split(trial, (3, 1, 5, 2), *leading))


def check_many_blocks(trial: Trial) -> None:
    """There may be many blocks.

    块的数量可以很多。
    """
    hold(trial, split(trial, (1,) * 40, 2))


def check_large_numbers(trial: Trial) -> None:
    """Numbers of ten thousand, positive or negative, neither overflow nor vanish.

    正负一万的数既不溢出也不消失。
    """
    for centre in (1e4, -1e4):
        blocks = [centre + trial.randint(-3, 4, (2, width)).double() for width in (3, 4, 2)]
        hold(trial, blocks, logits=1e4)
    mixed = [torch.full((2, 2), x, dtype=DOUBLE) for x in (-1e4, 1e4, 0.0)]
    hold(trial, mixed, logits=1e4)


def check_minus_infinity(trial: Trial) -> None:
    """Entries and whole blocks of minus infinity count as nothing, also when they come first.

    负无穷的元素乃至整块都不计入，出现在最前面也一样。
    """
    inf = float("inf")
    for position in range(3):
        blocks = split(trial, (3, 4, 2), 3)
        blocks[position] = torch.full_like(blocks[position], -inf)
        blocks[(position + 1) % 3][1, 0] = -inf
        hold(trial, blocks)


def check_nothing_but_minus_infinity(trial: Trial) -> None:
    """If everything is minus infinity, the result is (−inf, 0), not NaN.

    全是负无穷时结果是 (−inf, 0)，不是 NaN。
    """
    blocks = split(trial, (3, 2), 3)
    for block in blocks:
        block[1] = -float("inf")
    hold(trial, blocks)


def check_gradients(trial: Trial) -> None:
    """Both results are differentiable in every block.

    两个结果对每一块都可微。
    """
    hold(trial, split(trial, (3, 1, 4), 2), gradients=True)
