"""The promises of a cached layer, and one more: a cache may be continued more than once."""

from typing import Any

import torch

from grader.kit import Subject, Trial

SAME_AS = "kv-cache"


def go_on(trial: Trial, layer: Subject, x: torch.Tensor, *cache: Any) -> tuple[Any, Any]:
    """One call: the output, and the ticket of the cache it returned."""
    result = layer.candidate(x, *cache, keep=(1,))
    if not isinstance(result, tuple) or len(result) != 2:
        trial.fail("forward must return (output, cache).", "forward 应返回 (output, cache)。")
    return result


def expected(layer: Subject, *parts: torch.Tensor) -> torch.Tensor:
    """The rows of the last part, computed in one go without a cache."""
    output = layer.reference(torch.cat(parts, dim=1), keep=(1,))[0]
    return output[:, -parts[-1].shape[1] :]  # type: ignore[no-any-return]


def check_requests_start_afresh(trial: Trial) -> None:
    """A request without a cache starts a new sequence, whatever was asked before.

    不带缓存的请求开始一个新序列，与之前的请求无关。
    """
    layer, x = trial.layer(6, 2), trial.randn(2, 4, 6)
    for batch, length in ((2, 3), (2, 4), (1, 2)):
        given = x[:batch, :length]
        trial.equal(go_on(trial, layer, given)[0], expected(layer, given))


def check_two_answers_to_one_prompt(trial: Trial) -> None:
    """Two continuations of one cache know the prompt and nothing of each other.

    从同一个缓存续写的两个回答都知道提示，互不知晓。
    """
    layer, prompt = trial.layer(6, 2), trial.randn(2, 3, 6)
    _, cache = go_on(trial, layer, prompt)
    for length in (2, 1, 3, 1):
        answer = trial.randn(2, length, 6)
        trial.equal(go_on(trial, layer, answer, cache)[0], expected(layer, prompt, answer))


def check_answers_grow_side_by_side(trial: Trial) -> None:
    """Answers to one prompt can be extended in turn, token by token, as in beam search.

    对同一提示的多个回答可以逐词元轮流续写，就像束搜索那样。
    """
    layer, prompt = trial.layer(6, 2), trial.randn(1, 3, 6)
    _, root = go_on(trial, layer, prompt)
    answers = [trial.randn(1, 4, 6) for _ in range(3)]
    caches = [root] * 3
    for step in range(4):
        for index, answer in enumerate(answers):
            token = answer[:, step : step + 1]
            output, caches[index] = go_on(trial, layer, token, caches[index])
            trial.equal(output, expected(layer, prompt, answer[:, : step + 1])[:, -1:])


def check_old_caches_stay(trial: Trial) -> None:
    """A cache from the middle of an answer can be taken up again after the answer went on.

    回答继续之后，仍可从它中途的缓存重新续写。
    """
    layer, first, more = trial.layer(6, 2), trial.randn(2, 3, 6), trial.randn(2, 5, 6)
    caches = [go_on(trial, layer, first)[1]]
    for token in more.split(1, dim=1):
        caches.append(go_on(trial, layer, token, caches[-1])[1])
    for length in (1, 2):  # each of them twice, the newest first
        for used in (5, 4, 2, 1, 0):
            other = trial.randn(2, length, 6)
            wanted = expected(layer, first, more[:, :used], other)
            trial.equal(go_on(trial, layer, other, caches[used])[0], wanted)
