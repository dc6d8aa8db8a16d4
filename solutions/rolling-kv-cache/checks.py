"""What a rolling cache must do: fill, drop the oldest, keep the order, and stay small."""

from typing import Any

import torch

from grader.kit import Subject, Trial

ENTRY = "RollingCache"
NAMES = ("key", "value")
DOUBLE = torch.float64


def draw(trial: Trial, count: int, batch: int = 2, heads: int = 3, dim: int = 4) -> Any:
    """Keys and values of the next `count` positions."""
    return [trial.randn(batch, heads, count, dim) for _ in range(2)]


def hold(
    cache: Subject,
    key: torch.Tensor,
    value: torch.Tensor,
    dtype: torch.dtype = torch.float32,
    tolerance: float | None = 1e-2,  # rounding has a check of its own
) -> None:
    """One update on both sides; the answers must agree."""
    update, options = cache.method("update"), {"gradients": False, "names": NAMES}
    update.compare(key, value, dtypes=(dtype,), tolerance=tolerance, **options)


def numbered(start: int, count: int) -> torch.Tensor:
    """(1, 2, count, 3): every feature of a position is its number, counted from 1."""
    numbers = torch.arange(start, start + count, dtype=DOUBLE) + 1
    return numbers.view(1, 1, count, 1).repeat(1, 2, 1, 3)


def positions(trial: Trial, window: int, count: int) -> tuple[list[int], list[int]]:
    """Which of `count` positions, given one by one, the submission keeps; and which it should."""
    update, result = trial.new(window).method("update"), None
    for start in range(count):
        key = numbered(start, 1)
        result = update.candidate(key, -key)
    if not isinstance(result, tuple) or len(result) != 2:
        trial.fail("update must return (key, value).", "update 应返回 (key, value)。")
    kept, shape = min(window, count), tuple(getattr(result[0], "shape", ()))
    if shape != (1, 2, kept, 3):
        trial.fail(
            f"After {count} positions with window {window} the keys have shape {shape}, "
            f"expected {(1, 2, kept, 3)}.",
            f"窗口为 {window}，写入 {count} 个位置后，键的形状为 {shape}，应为 {(1, 2, kept, 3)}。",
        )
    numbers = result[0][0, 0, :, 0].round().long().tolist()
    return numbers, list(range(count - kept + 1, count + 1))


def example_window_of_two(trial: Trial) -> None:
    """Window 2: two positions fill the cache, and the third drops the first.

    窗口为 2：两个位置填满缓存，第三个到来时丢弃第一个。
    """
    update = trial.new(2).method("update")
    key = torch.arange(1.0, 4.0, dtype=DOUBLE).view(1, 1, 3, 1)
    update.show(key=key[:, :, :2], value=10 * key[:, :, :2])
    update.show(key=key[:, :, 2:], value=10 * key[:, :, 2:])


def check_first_update(trial: Trial) -> None:
    """The first update returns (key, value): what it was given, as long as that fits.

    第一次 update 返回 (key, value)：只要放得下，就是刚传入的内容。
    """
    for count, window in trial.sizes((3, 5), (1, 2)):
        hold(trial.new(window), *draw(trial, count))


def check_fills_up(trial: Trial) -> None:
    """Until the window is full every update adds its positions after the others, without padding.

    窗口填满之前，每次 update 都把自己的位置接在后面，空余部分不填充。
    """
    for chunks in ((1, 1, 1), (2, 1, 2)):
        cache = trial.new(6)
        for count in chunks:
            hold(cache, *draw(trial, count))


def check_drops_the_oldest(trial: Trial) -> None:
    """When the window is full each new position drops the oldest: `window` positions stay.

    窗口填满后，每来一个新位置就丢弃最旧的一个：始终保留 `window` 个位置。
    """
    # In whatever order; that comes in the next check.
    for window, count in ((4, 7), (1, 2), (5, 6), (2, 2)):
        numbers, expected = positions(trial, window, count)
        if sorted(numbers) != expected:
            trial.fail(
                f"Window {window}: of positions 1 to {count}, given one by one, {sorted(numbers)} "
                f"are kept; expected {expected}.",
                f"窗口为 {window}：逐个写入位置 1 到 {count} 后保留了 {sorted(numbers)}，"
                f"应为 {expected}。",
            )


def check_oldest_first(trial: Trial) -> None:
    """The positions come back in order, the oldest first.

    返回的位置按顺序排列，最旧的在前。
    """
    for window, count in ((4, 7), (3, 4), (5, 3)):
        numbers, expected = positions(trial, window, count)
        if numbers != expected:
            trial.fail(
                f"Window {window}: after positions 1 to {count}, given one by one, the order is "
                f"{numbers}; expected {expected}.",
                f"窗口为 {window}：逐个写入位置 1 到 {count} 后的顺序为 {numbers}，"
                f"应为 {expected}。",
            )


def check_single_positions_after_a_prompt(trial: Trial) -> None:
    """After a prompt that fills the window every single position drops one, not the whole prompt.

    提示填满窗口后，每个新位置只挤掉一个旧位置，而不是整个提示。
    """
    for window, chunks in ((4, (4, 1, 1)), (5, (3, 1, 1, 1, 1))):
        cache = trial.new(window)
        for count in chunks:
            hold(cache, *draw(trial, count))


def check_several_positions_at_once(trial: Trial) -> None:
    """An update of several positions may overflow the window in the middle.

    一次写入多个位置时，窗口可能在中途溢出。
    """
    for window, chunks in ((4, (3, 3)), (5, (2, 4, 3, 1, 4)), (4, (4, 4)), (3, (1, 3, 2))):
        cache = trial.new(window)
        for count in chunks:
            hold(cache, *draw(trial, count))


def check_more_than_the_window(trial: Trial) -> None:
    """Of an update longer than the window only the last `window` positions stay.

    一次写入的位置多于窗口时，只保留最后 `window` 个。
    """
    for window, chunks in ((3, (7,)), (3, (2, 8, 1)), (1, (4, 1, 2)), (4, (9, 5, 3))):
        cache = trial.new(window)
        for count in chunks:
            hold(cache, *draw(trial, count))


def check_any_split(trial: Trial) -> None:
    """Whatever the sizes of the updates, keys and values stay whole: no rounding, same dtype.

    无论每次写入多少，键和值都原样保留：不损失精度，dtype 不变。
    """
    for dtype in (torch.float64, torch.float32):
        window = trial.integer(3, 7)
        cache = trial.new(window)
        for count in trial.randint(1, window + 3, (6,)).tolist():
            given = [x / 3 for x in draw(trial, count, batch=3, heads=2, dim=5)]  # all 53 bits
            hold(cache, *[x.to(dtype) for x in given], dtype, None)


def check_sizes(trial: Trial) -> None:
    """A single head of width one, a single item, or a wide window: all work alike.

    只有一个宽度为 1 的头、只有一个样本、窗口很宽：都一样正确。
    """
    cache = trial.new(3)
    for count in (2, 1, 4):
        hold(cache, *draw(trial, count, batch=1, heads=1, dim=1))
    cache = trial.new(37)
    for count in (30, 1, 100, 1, 1, 200, 5):
        hold(cache, *draw(trial, count))


def check_caches_are_apart(trial: Trial) -> None:
    """Two caches share nothing, not even when they are used in turn or differ in shape.

    两个缓存互不相干，交替使用或形状不同时也一样。
    """
    first, second = trial.new(3), trial.new(4)
    for count in (2, 1, 2):
        hold(first, *draw(trial, count))
        hold(second, *draw(trial, count + 1, batch=1, heads=2, dim=6))


def check_memory(trial: Trial) -> None:
    """What has left the window is really forgotten: memory does not grow with the text.

    移出窗口的内容真正被丢弃：内存不随文本长度增长。
    """
    # 32 updates of 1 MiB keys and 1 MiB values; 128 KiB of each may stay.
    cache = trial.new(8).method("update")
    key, value = (trial.randn(1, 1, 64, 4096).float() for _ in range(2))

    def stream() -> None:
        for _ in range(32):  # not through `cache.candidate`, which would record every answer
            trial.candidate.begin_call(cache.theirs, [key.clone(), value.clone()], (), None)()

    grown = trial.candidate.peak_growth(stream)
    if grown > 24 << 20:
        trial.fail(
            f"2048 positions grew the process by {grown >> 20} MiB; with window 8 the cache itself "
            "takes a quarter of a MiB. Are old positions kept?",
            f"写入 2048 个位置使进程内存增长 {grown >> 20} MiB；窗口为 8 时缓存本身只需 "
            "0.25 MiB。是否保留了旧的位置？",
            what="memory",
        )
