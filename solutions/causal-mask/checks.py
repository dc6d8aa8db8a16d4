"""What a causal mask must be: form, direction, diagonal, then unequal lengths."""

from typing import Any

import torch

from grader.kit import Trial

ENTRY = "causal_mask"


def example_square(trial: Trial) -> None:
    """Three queries, three keys.

    三个查询、三个键。
    """
    trial.function().show(query_length=3, key_length=3)


def example_with_cache(trial: Trial) -> None:
    """Two new queries after three cached keys: five keys in all.

    缓存中已有三个键，又来两个新查询：共五个键。
    """
    trial.function().show(query_length=2, key_length=5)


def mask_of(trial: Trial, queries: int, keys: int) -> Any:
    """The submission's mask, once it has the right shape."""
    mask = trial.function().candidate(queries, keys)
    shape = tuple(getattr(mask, "shape", ()))
    if shape != (queries, keys):
        trial.fail(
            f"The mask for ({queries}, {keys}) has shape {shape}, expected ({queries}, {keys}).",
            f"({queries}, {keys}) 的掩码形状为 {shape}，应为 ({queries}, {keys})。",
        )
    return mask


def check_shape(trial: Trial) -> None:
    """The mask has shape (query_length, key_length): one row per query, no leading dimensions.

    掩码形状为 (query_length, key_length)：每个查询一行，没有多余的前导维度。
    """
    for queries, keys in trial.sizes((3, 3), (2, 5), (5, 2), (1, 4), (1, 1)):
        mask_of(trial, queries, keys)


def check_boolean(trial: Trial) -> None:
    """The mask is boolean, not numbers to be added to the scores.

    掩码是布尔张量，而不是加到分数上的数值。
    """
    mask = mask_of(trial, 4, 4)
    if mask.dtype != torch.bool:
        trial.fail(
            f"The mask has dtype {mask.dtype}, expected torch.bool.",
            f"掩码的 dtype 为 {mask.dtype}，应为 torch.bool。",
        )


def check_true_may_attend(trial: Trial) -> None:
    """True means "may attend": the last query sees the first key, the first not the last.

    True 表示“可以注意”：最后一个查询能看到第一个键，第一个查询看不到最后一个键。
    """
    size = trial.integer(4, 9)
    mask = mask_of(trial, size, size)
    trial.equal(
        mask[-1, 0].bool(), torch.tensor(True), ("last query, first key", "最后一个查询对第一个键")
    )
    trial.equal(
        mask[0, -1].bool(), torch.tensor(False), ("first query, last key", "第一个查询对最后一个键")
    )


def check_diagonal(trial: Trial) -> None:
    """A query sees itself and nothing after it.

    查询能看到自己，看不到自己之后的任何位置。
    """
    for size in (1, 2, trial.integer(5, 12)):
        trial.function().compare(size, size)


def check_single_new_token(trial: Trial) -> None:
    """A single new query after a cache is the last position, so it sees every key.

    缓存之后的单个新查询就是最后一个位置，能看到所有键。
    """
    keys = trial.integer(3, 12)
    trial.equal(mask_of(trial, 1, keys), torch.ones(1, keys, dtype=torch.bool), ("mask", "掩码"))


def check_chunk_after_cache(trial: Trial) -> None:
    """Several new queries are the last positions: query i sees key_length − query_length more keys.

    多个新查询对应最后若干位置：第 i 个查询比方阵情形多看到 key_length − query_length 个键。
    """
    for queries, keys in trial.sizes((2, 5), (3, 4), (4, trial.integer(6, 12))):
        trial.function().compare(queries, keys)


def check_more_queries_than_keys(trial: Trial) -> None:
    """With more queries than keys the first ones lie before every key and see nothing.

    查询多于键时，最前面的查询在所有键之前，什么也看不到。
    """
    for queries, keys in trial.sizes((5, 2), (4, 3), (trial.integer(6, 10), 1)):
        trial.function().compare(queries, keys)


def check_long(trial: Trial) -> None:
    """Hundreds of positions are masked in the same way.

    几百个位置时规则不变。
    """
    for queries, keys in trial.sizes((260, 260), (3, 2500), (40, 330), (300, 40)):
        trial.function().compare(queries, keys)
