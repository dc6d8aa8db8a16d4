"""What a document mask must be: form, one document, several documents, ids of every kind."""

from typing import Any

import torch

from grader.kit import Trial

ENTRY = "document_mask"


def example_three_documents(trial: Trial) -> None:
    """Documents of two, one and three tokens in one sequence.

    一条序列中有三篇文档，分别有两个、一个、三个词元。
    """
    trial.function().show(document_ids=torch.tensor([0, 0, 1, 2, 2, 2]))


def packed(trial: Trial, *lengths: int) -> torch.Tensor:
    """Ids of documents of these lengths: distinct, positive, in no order."""
    ids = 3 + 2 * trial.permutation(20)[: len(lengths)]
    return ids.repeat_interleave(torch.tensor(lengths))


def mask_of(trial: Trial, ids: torch.Tensor) -> Any:
    """The submission's mask, once it has the right shape."""
    mask = trial.function().candidate(ids)
    shape, wanted = tuple(getattr(mask, "shape", ())), (len(ids), len(ids))
    if shape != wanted:
        trial.fail(
            f"The mask has shape {shape}, expected {wanted}.",
            f"掩码形状为 {shape}，应为 {wanted}。",
        )
    return mask


def check_shape(trial: Trial) -> None:
    """The mask has shape (L, L): one row per query, no leading dimensions.

    掩码形状为 (L, L)：每个查询一行，没有多余的前导维度。
    """
    mask_of(trial, packed(trial, 5))
    mask_of(trial, packed(trial, 3, 4))
    mask_of(trial, packed(trial, 1))


def check_boolean(trial: Trial) -> None:
    """The mask is boolean, not numbers to be added to the scores.

    掩码是布尔张量，而不是加到分数上的数值。
    """
    mask = mask_of(trial, packed(trial, 2, 3))
    if mask.dtype != torch.bool:
        trial.fail(
            f"The mask has dtype {mask.dtype}, expected torch.bool.",
            f"掩码的 dtype 为 {mask.dtype}，应为 torch.bool。",
        )


def check_true_may_attend(trial: Trial) -> None:
    """True means "may attend": in one document the last token sees the first, not vice versa.

    True 表示“可以注意”：同一篇文档中，最后一个词元能看到第一个，反之不能。
    """
    mask = mask_of(trial, packed(trial, trial.integer(4, 9)))
    trial.equal(
        mask[-1, 0].bool(), torch.tensor(True), ("last query, first key", "最后一个查询对第一个键")
    )
    trial.equal(
        mask[0, -1].bool(), torch.tensor(False), ("first query, last key", "第一个查询对最后一个键")
    )


def check_one_document(trial: Trial) -> None:
    """A single document has the plain causal mask: a token sees itself and all before it.

    只有一篇文档时就是普通的因果掩码：词元能看到自己和之前的所有词元。
    """
    for length in (1, 2, trial.integer(5, 10)):
        trial.function().compare(packed(trial, length))


def check_second_document_does_not_see_the_first(trial: Trial) -> None:
    """The last token of the second document sees nothing of the first.

    第二篇文档的最后一个词元完全看不到第一篇。
    """
    first, second = trial.integer(2, 6), trial.integer(2, 6)
    ids = torch.tensor([4, 9]).repeat_interleave(torch.tensor([first, second]))
    seen = mask_of(trial, ids)[-1, :first].bool()
    trial.equal(
        seen, torch.zeros_like(seen), ("second document to the first", "第二篇文档对第一篇")
    )


def check_first_token_of_a_document(trial: Trial) -> None:
    """The first token of a document belongs to it: it sees itself alone, and its document sees it.

    文档的第一个词元属于这篇文档：它只看到自己，同一文档中后面的词元都能看到它。
    """
    ids = torch.tensor([4, 9]).repeat_interleave(torch.tensor([3, 4]))
    mask = mask_of(trial, ids).bool()
    alone = torch.arange(7) == 3
    trial.equal(mask[3], alone, ("row of the first token", "第一个词元的行"))
    trial.equal(
        mask[3:, 3],
        torch.ones(4, dtype=torch.bool),
        ("column of the first token", "第一个词元的列"),
    )


def check_many_documents(trial: Trial) -> None:
    """Every document is apart from every other, also from the one just before it.

    每篇文档与其他文档都互不可见，包括紧挨着的前一篇。
    """
    for lengths in ((2, 3, 4), (1, 5, 2, 3), (1, 1, 1, 1, 1)):
        count = len(lengths)
        rising = 7 + torch.arange(count).repeat_interleave(torch.tensor(lengths))
        trial.function().compare(rising)


def check_ids_in_any_order(trial: Trial) -> None:
    """Ids are names: they need not rise or follow one another.

    编号只是名字：不必递增，也不必连续。
    """
    falling = 9 - torch.arange(3).repeat_interleave(torch.tensor([2, 4, 3]))
    trial.function().compare(falling)
    for lengths in ((3, 1, 4), (2, 2, 2, 2), (5, 1, 1, 3)):
        trial.function().compare(packed(trial, *lengths))


def check_id_zero(trial: Trial) -> None:
    """Zero is an id like any other, first, last or in the middle; the ids stay as they were.

    0 与其他编号没有区别，无论在开头、结尾还是中间；不得修改输入。
    """
    for ids in ([0, 0, 0, 1, 1], [2, 2, 0, 0, 0], [3, 0, 0, 1, 1, 1], [0, 0, 0, 0]):
        trial.function().compare(torch.tensor(ids))


def check_ids_of_every_kind(trial: Trial) -> None:
    """Ids may be negative, large, or of any integer type.

    编号可以为负、可以很大，也可以是任意整数类型。
    """
    near = [[-1, -1, 1, 1, 0], [-2, -1, -1, 2, 2], [256, 0, 0, 1024, 1024]]
    far = [[2**24 + 1, 2**24, 2**24], [5, 5 + 2**32, 5 + 2**32, -5 - 2**53]]
    for ids in near + far:
        trial.function().compare(torch.tensor(ids))
    for dtype in (torch.int32, torch.int16, torch.uint8):
        trial.function().compare(torch.tensor([7, 7, 0, 3, 3], dtype=dtype))


def check_long(trial: Trial) -> None:
    """Long documents are masked in the same way.

    文档很长时规则不变。
    """
    trial.function().compare(packed(trial, 150, 3, 147))
