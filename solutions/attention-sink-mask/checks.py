"""What an attention-sink mask must be: form, window, sinks, then unequal lengths."""

from typing import Any

import torch

from grader.kit import Trial

ENTRY = "attention_sink_mask"


def example_one_sink(trial: Trial) -> None:
    """Six tokens, one sink, a window of two.

    六个词元、一个汇点、窗口为二。
    """
    trial.function().show(query_length=6, key_length=6, num_sinks=1, window=2)


def example_with_cache(trial: Trial) -> None:
    """Two new queries at the end of seven keys, two sinks, a window of two.

    七个键的最后是两个新查询，两个汇点、窗口为二。
    """
    trial.function().show(query_length=2, key_length=7, num_sinks=2, window=2)


def mask_of(trial: Trial, queries: int, keys: int, sinks: int, window: int) -> Any:
    """The submission's mask, once it has the right shape."""
    mask = trial.function().candidate(queries, keys, sinks, window)
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
    for queries, keys in trial.sizes((4, 4), (2, 5), (5, 2), (1, 4), (1, 1)):
        mask_of(trial, queries, keys, 1, 2)


def check_boolean(trial: Trial) -> None:
    """The mask is boolean, not numbers to be added to the scores.

    掩码是布尔张量，而不是加到分数上的数值。
    """
    mask = mask_of(trial, 5, 5, 1, 2)
    if mask.dtype != torch.bool:
        trial.fail(
            f"The mask has dtype {mask.dtype}, expected torch.bool.",
            f"掩码的 dtype 为 {mask.dtype}，应为 torch.bool。",
        )


def check_true_may_attend(trial: Trial) -> None:
    """True means "may attend": with a window beyond the text, the last query sees all keys.

    True 表示“可以注意”：窗口比文本还长时，最后一个查询能看到所有键。
    """
    size = trial.integer(4, 9)
    mask = mask_of(trial, size, size, 2 * size, 2 * size)
    trial.equal(
        mask[-1].bool(),
        torch.ones(size, dtype=torch.bool),
        ("row of the last query", "最后一个查询的行"),
    )


def check_causal(trial: Trial) -> None:
    """No query sees a later position.

    任何查询都看不到后面的位置。
    """
    for window in (1, 3, 20):
        ahead = mask_of(trial, 9, 9, 0, window).bool().triu(1)
        trial.equal(ahead, torch.zeros_like(ahead), ("keys after the query", "查询之后的键"))


def check_window_counts_the_query(trial: Trial) -> None:
    """Without sinks a query sees `window` keys: itself and the window − 1 before it.

    没有汇点时，查询能看到 `window` 个键：自己以及之前的 window − 1 个。
    """
    for size, window in trial.sizes((5, 1), (7, 3), (9, trial.integer(2, 6)), (6, 15)):
        mask = mask_of(trial, size, size, 0, window)
        expected = trial.function().reference(size, size, 0, window)
        # A sink too many would show in the first column; that is another check's matter.
        trial.equal(
            mask[:, 1:],
            expected[:, 1:],
            (f"window {window}, columns from 1 on", f"窗口 {window}，第 1 列起"),
        )


def check_sinks_stay_in_sight(trial: Trial) -> None:
    """The last query, far on, still sees the first `num_sinks` keys, no fewer and no more.

    最后一个查询早已越过窗口，仍能看到最前面的 `num_sinks` 个键，不多也不少。
    """
    for sinks in (1, 2, 4):
        row = mask_of(trial, 12, 12, sinks, 3)[-1].bool()
        trial.equal(
            row[:sinks],
            torch.ones(sinks, dtype=torch.bool),
            (f"the {sinks} sinks", f"{sinks} 个汇点"),
        )
        trial.equal(
            row[sinks:9],
            torch.zeros(9 - sinks, dtype=torch.bool),
            (
                f"keys {sinks} to 8, {sinks} sinks, window 3",
                f"第 {sinks} 到 8 个键（{sinks} 个汇点，窗口 3）",
            ),
        )


def check_window_is_whole_beside_the_sinks(trial: Trial) -> None:
    """The sinks take nothing from the window: the last query sees num_sinks + window keys.

    汇点不占用窗口的名额：最后一个查询共看到 num_sinks + window 个键。
    """
    for sinks, window in ((1, 3), (2, 4), (3, 2)):
        row = mask_of(trial, 12, 12, sinks, window)[-1].bool()
        trial.equal(
            row[-window:],
            torch.ones(window, dtype=torch.bool),
            (f"last {window} keys, {sinks} sinks", f"最后 {window} 个键（{sinks} 个汇点）"),
        )


def check_sinks_are_causal(trial: Trial) -> None:
    """A query that stands before a sink does not see it.

    位于汇点之前的查询看不到它。
    """
    for sinks, window in ((3, 1), (4, 2), (2, 1)):
        ahead = mask_of(trial, 6, 6, sinks, window).bool().triu(1)
        trial.equal(ahead, torch.zeros_like(ahead), ("keys after the query", "查询之后的键"))


def check_window_over_the_sinks(trial: Trial) -> None:
    """Near the start the window overlaps the sinks; there may be more sinks than keys.

    在开头，窗口与汇点重叠；汇点的个数也可以多于键。
    """
    for size, sinks, window in trial.sizes((7, 2, 3), (5, 4, 4), (4, 6, 1), (6, 1, 9), (8, 0, 3)):
        trial.function().compare(size, size, sinks, window)


def check_single_new_token(trial: Trial) -> None:
    """A single new query is the last position: it sees the sinks and the last `window` keys.

    单个新查询就是最后一个位置：能看到汇点和最后 `window` 个键。
    """
    for sinks, window in ((2, 3), (0, 2), (1, 1)):
        trial.function().compare(1, trial.integer(8, 13), sinks, window)


def check_chunk_after_cache(trial: Trial) -> None:
    """Several new queries are the last positions; the sinks are still the first keys of all.

    多个新查询对应最后若干位置；汇点仍是所有键中最前面的几个。
    """
    for queries, keys in trial.sizes((3, 8), (4, 5), (5, trial.integer(7, 12))):
        for sinks, window in ((1, 2), (2, 1), (0, 3), (3, 4)):
            trial.function().compare(queries, keys, sinks, window)


def check_more_queries_than_keys(trial: Trial) -> None:
    """With more queries than keys the first ones lie before every key and see nothing, no sink.

    查询多于键时，最前面的查询在所有键之前，什么也看不到，包括汇点。
    """
    for queries, keys in trial.sizes((5, 2), (7, 4), (trial.integer(6, 10), 1)):
        for sinks, window in ((1, 2), (2, 1), (0, 1), (0, 9), (9, 1), (9, 9)):
            trial.function().compare(queries, keys, sinks, window)


def check_long(trial: Trial) -> None:
    """Hundreds of positions, and wide windows, are masked in the same way.

    位置有几百个、窗口很宽时规则不变。
    """
    for queries, keys, sinks, window in ((3, 300, 4, 200), (260, 300, 2, 40), (40, 300, 0, 270)):
        trial.function().compare(queries, keys, sinks, window)
