"""What paged attention must do: find the tokens, weigh them, and leave the rest alone."""

from typing import Any

import torch

from grader.kit import Trial

ENTRY = "paged_attention"
DOUBLE = torch.float64


def draw(
    trial: Trial,
    lengths: tuple[int, ...],
    heads: tuple[int, int] = (3, 3),
    dim: int = 4,
    page_size: int = 3,
    spare: int = 0,
) -> list[Any]:
    """The five arguments; `heads` are (H, Hkv), `spare` is the number of unused table columns.

    Every page holds numbers and every table entry is a page; no page is used twice.
    """
    blocks = max(1, -(-max(lengths) // page_size)) + spare
    pages = len(lengths) * blocks + 2
    table = trial.permutation(pages)[: len(lengths) * blocks].view(len(lengths), blocks)
    key, value = (trial.randn(pages, page_size, heads[1], dim) for _ in range(2))
    query = trial.randn(len(lengths), heads[0], dim)
    return [query, key, value, table, torch.tensor(lengths)]


def hold(trial: Trial, *inputs: Any, **options: Any) -> None:
    trial.function().compare(*inputs, gradients=options.pop("gradients", False), **options)


def unused_entries(table: torch.Tensor, lengths: torch.Tensor, page_size: int) -> torch.Tensor:
    """True where a table entry lies past the end of its sequence."""
    blocks = (lengths + page_size - 1) // page_size
    return torch.arange(table.shape[1]) >= blocks[:, None]


def unused_slots(inputs: list[Any]) -> torch.Tensor:
    """(P, page_size), True where no sequence has a token."""
    _, key, _, table, lengths = inputs
    free = torch.ones(key.shape[:2], dtype=torch.bool)
    for row, length in zip(table.tolist(), lengths.tolist(), strict=True):
        for position in range(length):
            free[row[position // key.shape[1]], position % key.shape[1]] = False
    return free


def example_two_pages(trial: Trial) -> None:
    """Three tokens in pages 2 and 0 of two slots each; equal scores give the mean of their values.

    三个词元放在第 2 页和第 0 页，每页两个槽；分数相等时输出是它们的值的平均。
    """
    value = torch.tensor([[3.0, 9.0], [9.0, 9.0], [1.0, 2.0]], dtype=DOUBLE).view(3, 2, 1, 1)
    trial.function().show(
        query=torch.ones(1, 1, 1, dtype=DOUBLE),
        key_pages=torch.zeros(3, 2, 1, 1, dtype=DOUBLE),
        value_pages=value,
        block_table=torch.tensor([[2, 0]]),
        lengths=torch.tensor([3]),
    )


def check_first_token(trial: Trial) -> None:
    """A sequence of one token returns its value: slot 0 of the first page in its table.

    只有一个词元的序列返回它的值：位于页表中第一页的第 0 个槽。
    """
    hold(trial, *draw(trial, (1, 1), page_size=1))


def check_equal_scores(trial: Trial) -> None:
    """With equal scores the output is the mean of the values: the softmax runs over the tokens.

    分数全相等时，输出是各值的平均：softmax 沿词元的维度归一化。
    """
    query, *rest = draw(trial, (6, 6), heads=(1, 1))
    hold(trial, torch.zeros_like(query), *rest)


def check_full_pages(trial: Trial) -> None:
    """The tokens are read page by page in the order of the table, each sequence with its own row.

    按页表的顺序逐页读取词元，每个序列使用自己的那一行。
    """
    # One head of width one: no scale can be wrong yet.
    hold(trial, *draw(trial, (6, 6), heads=(1, 1), dim=1))
    hold(trial, *draw(trial, (8, 8, 8), heads=(1, 1), dim=1, page_size=2))


def check_slots_before_heads(trial: Trial) -> None:
    """A page is laid out slot by slot, the heads within: every head keeps to its own values.

    页按槽排列，槽内才是各个头：每个头只用自己的值。
    """
    query, *rest = draw(trial, (6, 6))
    hold(trial, torch.zeros_like(query), *rest)


def check_partial_pages(trial: Trial) -> None:
    """Of the last page only the slots up to the length count, in every sequence by itself.

    最后一页只有不超过长度的槽有效，每个序列各自计算。
    """
    # Lengths on, before and behind the borders of the pages.
    hold(trial, *draw(trial, (2, 7, 6, 3), heads=(1, 1), dim=1))
    hold(trial, *draw(trial, (5, 1, 9), heads=(1, 1), dim=1, page_size=4))


def check_scale(trial: Trial) -> None:
    """The scores are divided by the square root of the head dimension.

    分数要除以 head_dim 的平方根。
    """
    for dim in (5, 2):
        hold(trial, *draw(trial, (6, 6), dim=dim))


def check_shared_heads(trial: Trial) -> None:
    """Consecutive query heads share a key-value head: with 6 and 2 heads, 0 to 2 and 3 to 5.

    相邻的查询头共享一个键值头：共 6 个查询头、2 个键值头时，0–2 共享一个，3–5 共享另一个。
    """
    for heads in ((6, 2), (4, 1)):
        hold(trial, *draw(trial, (5, 6), heads=heads))


def check_sizes(trial: Trial) -> None:
    """Any sizes work: pages of one slot, one page for all, a single sequence.

    任意大小都正确：每页一个槽、只用一页、只有一个序列。
    """
    hold(trial, *draw(trial, (4, 2, 3), heads=(2, 1), dim=3, page_size=1))
    hold(trial, *draw(trial, (5,), heads=(4, 2), dim=6, page_size=16))
    hold(trial, *draw(trial, (1, 12, 7), heads=(3, 1), dim=2, page_size=5, spare=2))


def check_shared_pages(trial: Trial) -> None:
    """Two sequences with a common beginning may have the same page in their tables.

    开头相同的两个序列，页表中可以有同一页。
    """
    query, key, value, table, lengths = draw(trial, (8, 5, 7), heads=(4, 2))
    table[1:, 0] = table[0, 0]
    table[1, 1] = table[0, 1]  # full for the first, partly filled for the second
    hold(trial, query, key, value, table, lengths, gradients=True, dtypes=(DOUBLE,))


def check_gradients(trial: Trial) -> None:
    """The gradients of query and pages are right; slots that are not read get none.

    query 与各页的梯度正确；没有读取的槽不收梯度。
    """
    inputs = draw(trial, (5, 3, 7), heads=(4, 2), spare=1)
    hold(trial, *inputs, gradients=True, dtypes=(DOUBLE,))


def check_table_entries_past_the_end(trial: Trial) -> None:
    """Table entries past a length may hold anything, such as −1 or a page that does not exist.

    超出长度的页表项可以是任意值，例如 −1 或不存在的页号。
    """
    # The first item ends exactly on the border of a page.
    inputs = draw(trial, (6, 4, 1), heads=(4, 2), spare=1)
    _, key, _, table, lengths = inputs
    for garbage in (-1, len(key), 10**6, -(10**6)):
        inputs[3] = table.masked_fill(unused_entries(table, lengths, 3), garbage)
        hold(trial, *inputs)


def check_empty_sequence(trial: Trial) -> None:
    """A sequence of length 0 gets zeros and passes no gradient, never NaN.

    长度为 0 的序列输出为零，不传递梯度，绝不是 NaN。
    """
    hold(trial, *draw(trial, (4, 0, 2), heads=(4, 2)), gradients=True)
    inputs = draw(trial, (0, 0), spare=1)
    inputs[3] = torch.full_like(inputs[3], -1)
    hold(trial, *inputs)


def check_slots_past_the_end(trial: Trial) -> None:
    """Slots past a length may hold anything, NaN and infinity too: they are memory not written yet.

    超出长度的槽可以是任意内容，包括 NaN 和无穷：那是尚未写入的内存。
    """
    for lengths in ((5, 4, 3), (5, 0, 3)):
        inputs = draw(trial, lengths, heads=(4, 2), spare=1)
        free = unused_slots(inputs)[..., None, None]
        for garbage in (1e4, float("inf"), float("nan")):
            key, value = (pages.masked_fill(free, garbage) for pages in inputs[1:3])
            hold(trial, inputs[0], key, value, *inputs[3:])


def check_slots_past_the_end_get_no_gradient(trial: Trial) -> None:
    """What lies past a length reaches no gradient either, not even as NaN.

    超出长度的内容也不影响梯度，不会传出 NaN。
    """
    inputs = draw(trial, (5, 0, 3), heads=(4, 2), spare=1)
    free = unused_slots(inputs)[..., None, None]
    for garbage in (float("inf"), float("nan")):
        key, value = (pages.masked_fill(free, garbage) for pages in inputs[1:3])
        options = {"gradients": True, "dtypes": (DOUBLE,)}
        hold(trial, inputs[0], key, value, *inputs[3:], **options)


def check_sequences_apart(trial: Trial) -> None:
    """Every sequence gives the same alone as in a batch.

    每个序列单独计算与放在批内结果相同。
    """
    query, key, value, table, lengths = draw(trial, (7, 2, 5), heads=(4, 2))
    subject = trial.function()
    together = subject.candidate(query, key, value, table, lengths)
    for b in range(3):
        one = slice(b, b + 1)
        alone = subject.candidate(query[one], key, value, table[one], lengths[one])
        trial.equal(together[one], alone, (f"output of sequence {b}", f"第 {b} 条序列的输出"))


def check_large_logits(trial: Trial) -> None:
    """Scores of ten thousand, positive or negative, give finite, right results.

    分数达到正负一万时结果有限且正确。
    """
    inputs = draw(trial, (5, 4), heads=(4, 2), dim=16)  # 1/sqrt(16) is exact
    shapes = (inputs[0].shape, inputs[1].shape)
    query, key = (trial.randint(52, 65, shape).double() for shape in shapes)
    for sign in (1, -1):
        hold(trial, sign * query, key, *inputs[2:], logits=1e4)
