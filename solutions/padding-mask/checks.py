"""What a padding mask must be: form, direction, edges."""

from typing import Any

import torch

from grader.kit import Trial

ENTRY = "padding_mask"


def example_batch(trial: Trial) -> None:
    """Three sequences of 2, 0 and 4 tokens, padded to 4.

    三个序列，长度分别为 2、0、4，填充到 4。
    """
    trial.function().show(lengths=torch.tensor([2, 0, 4]), max_length=4)


def mask_of(trial: Trial, lengths: torch.Tensor, max_length: int) -> Any:
    """The submission's mask, once it has the right shape."""
    mask = trial.function().candidate(lengths, max_length)
    shape, wanted = tuple(getattr(mask, "shape", ())), (len(lengths), 1, 1, max_length)
    if shape != wanted:
        trial.fail(
            f"The mask has shape {shape}, expected {wanted}.",
            f"掩码形状为 {shape}，应为 {wanted}。",
        )
    return mask


def check_boolean(trial: Trial) -> None:
    """The mask is boolean, not numbers to be added to the scores.

    掩码是布尔张量，而不是加到分数上的数值。
    """
    mask = trial.function().candidate(torch.tensor([3, 7, 5]), 7)
    dtype = getattr(mask, "dtype", None)
    if dtype != torch.bool:
        trial.fail(
            f"The mask has dtype {dtype}, expected torch.bool.",
            f"掩码的 dtype 为 {dtype}，应为 torch.bool。",
        )


def check_shape(trial: Trial) -> None:
    """The mask has shape (B, 1, 1, max_length), so that it broadcasts over heads and queries.

    掩码形状为 (B, 1, 1, max_length)，可在头和查询两个维度上广播。
    """
    # One item is full, so the longest length is max_length here.
    mask_of(trial, torch.tensor([3, 7, 5]), 7)
    mask_of(trial, torch.tensor([4]), 4)


def check_longer_than_every_item(trial: Trial) -> None:
    """The width is max_length even when every item is shorter.

    即使所有样本都更短，宽度也是 max_length。
    """
    mask_of(trial, torch.tensor([2, 3, 1]), 3 + trial.integer(1, 6))
    mask_of(trial, torch.zeros(2, dtype=torch.int64), 4)


def check_true_means_real(trial: Trial) -> None:
    """True marks real tokens, False padding.

    True 标记真实词元，False 标记填充。
    """
    longest = trial.integer(4, 9)
    full, empty = (mask_of(trial, torch.tensor([n]), longest).bool() for n in (longest, 0))
    trial.equal(
        full[0, 0, 0, :2],
        torch.ones(2, dtype=torch.bool),
        ("first tokens of a full item", "全满样本的前几个词元"),
    )
    trial.equal(
        empty[0, 0, 0, -2:],
        torch.zeros(2, dtype=torch.bool),
        ("end of an empty item", "空样本的末尾"),
    )


def check_padding_is_at_the_end(trial: Trial) -> None:
    """The real tokens come first, the padding after them.

    真实词元在前，填充在后。
    """
    longest = trial.integer(6, 12)
    mask = mask_of(trial, torch.tensor([longest // 2]), longest).bool()
    trial.equal(
        mask[0, 0, 0, 0],
        torch.tensor(True),
        ("first position of a half-filled item", "半满样本的第一个位置"),
    )
    trial.equal(
        mask[0, 0, 0, -1],
        torch.tensor(False),
        ("last position of a half-filled item", "半满样本的最后一个位置"),
    )


def check_each_item_by_itself(trial: Trial) -> None:
    """Every item has its own length: its row is the same alone as within a batch.

    每个样本有自己的长度：单独计算与放在批内得到的行相同。
    """
    lengths = torch.cat([torch.tensor([1, 6]), trial.randint(0, 8, (5,))])[trial.permutation(7)]
    together = mask_of(trial, lengths, 7)
    for item in range(len(lengths)):
        alone = mask_of(trial, lengths[item : item + 1], 7)
        trial.equal(
            together[item : item + 1], alone, (f"row of item {item}", f"第 {item} 个样本的行")
        )


def check_as_many_as_the_length(trial: Trial) -> None:
    """Item b has exactly lengths[b] real tokens; 0 and max_length are lengths too.

    第 b 个样本恰有 lengths[b] 个真实词元；0 和 max_length 也是合法长度。
    """
    for batch, longest in trial.sizes((6, 5), (1, 9), (4, 1), (3, 3)):
        lengths = trial.randint(0, longest + 1, (batch,))
        lengths[0] = longest
        trial.function().compare(lengths, longest)
    for lengths in ([0, 4, 2, 3, 1], [4, 4, 4], [0, 0, 0]):
        trial.function().compare(torch.tensor(lengths), 4)


def check_long(trial: Trial) -> None:
    """Hundreds of positions are masked in the same way.

    几百个位置时规则不变。
    """
    trial.function().compare(torch.tensor([300, 0, 129, 257]), 300)


def check_integer_types(trial: Trial) -> None:
    """The lengths may be of any integer type and stay as they were.

    lengths 可以是任意整数类型，且不得被修改。
    """
    lengths = torch.cat([torch.tensor([0, 7]), trial.randint(0, 8, (5,))])
    for dtype in (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8):
        trial.function().compare(lengths.to(dtype), 7)
