"""What top-k attention must do: plain attention, then the choice, its ties and its weights."""

import torch

from grader.kit import Trial

ENTRY = "top_k_attention"
DOUBLE = torch.float64


def draw(
    trial: Trial,
    lengths: tuple[int, int] = (4, 7),
    widths: tuple[int, int] = (5, 3),
    leading: tuple[int, int] = (2, 3),
) -> list[torch.Tensor]:
    """Query, key and value; no two scores of a query are so close that rounding could swap them."""
    (queries, keys), (dim, value_dim) = lengths, widths
    while True:
        query, key = trial.randn(*leading, queries, dim), trial.randn(*leading, keys, dim)
        gaps = (query @ key.mT).sort(dim=-1).values.diff(dim=-1)
        if (gaps > 1e-4).all():
            return [query, key, trial.randn(*leading, keys, value_dim)]


def tied(trial: Trial, queries: int, keys: int) -> list[torch.Tensor]:
    """Small whole numbers and D = 4: many scores are equal, exactly so in any arithmetic."""
    query, key = (trial.randint(-1, 2, (2, 3, n, 4)).double() for n in (queries, keys))
    return [query, key, trial.randn(2, 3, keys, 5)]


def shown_weights(trial: Trial, query: torch.Tensor, key: torch.Tensor, k: int) -> torch.Tensor:
    """The submission's weights (..., Lq, Lk): its output where every value is a one-hot vector."""
    keys = key.shape[-2]
    value = torch.eye(keys, dtype=DOUBLE).expand(*key.shape[:-2], keys, keys).contiguous()
    weights = trial.function().candidate(query, key, value, k)
    if not isinstance(weights, torch.Tensor) or weights.shape != (*query.shape[:-1], keys):
        trial.function().compare(query, key, value, k, gradients=False)  # says how it differs
        trial.fail("The shape of the result changes.", "两次调用的结果形状不同。")
    return weights


def example_two_of_four(trial: Trial) -> None:
    """One query, four keys with scores 0, 2, 1, 3 and k = 2; the values show the weights.

    一个查询、四个键，分数为 0、2、1、3，k = 2；值取单位矩阵，输出即权重。
    """
    query = torch.ones(1, 1, 1, 1, dtype=DOUBLE)
    key = torch.tensor([0.0, 2.0, 1.0, 3.0], dtype=DOUBLE).view(1, 1, 4, 1)
    trial.function().show(query=query, key=key, value=torch.eye(4, dtype=DOUBLE)[None, None], k=2)


def example_tie(trial: Trial) -> None:
    """Scores 1, 2, 2, 2 and k = 2: of the equal ones the first two are kept.

    分数为 1、2、2、2，k = 2：相等的分数中保留靠前的两个。
    """
    query = torch.ones(1, 1, 1, 1, dtype=DOUBLE)
    key = torch.tensor([1.0, 2.0, 2.0, 2.0], dtype=DOUBLE).view(1, 1, 4, 1)
    trial.function().show(query=query, key=key, value=torch.eye(4, dtype=DOUBLE)[None, None], k=2)


def check_softmax_over_keys(trial: Trial) -> None:
    """With k = Lk and equal scores the output is the mean of the values.

    k = Lk 且分数全相等时，输出是各值的平均。
    """
    query, key, value = draw(trial)
    trial.function().compare(torch.zeros_like(query), key, value, 7, gradients=False)


def check_keeps_k(trial: Trial) -> None:
    """Each query gives weight to exactly k keys.

    每个查询恰好给 k 个键分配权重。
    """
    for k in (1, 4, 7):
        weights = shown_weights(trial, *draw(trial)[:2], k)
        count = (weights > 1e-30).sum(dim=-1)
        trial.equal(count, torch.full((2, 3, 4), k), ("number of keys with weight", "有权重的键数"))


def check_scale(trial: Trial) -> None:
    """With k = Lk it is ordinary attention, scaled by the square root of the head dimension.

    k = Lk 时就是普通的注意力，分数除以 head_dim 的平方根。
    """
    for widths in ((5, 3), (2, 7)):
        trial.function().compare(*draw(trial, (4, 6), widths), 6, gradients=False)


def check_k_beyond_the_keys(trial: Trial) -> None:
    """A k above the number of keys means all of them.

    k 大于键的个数时，表示全部保留。
    """
    for lengths, k in (((4, 6), 7), ((3, 2), 50), ((2, 1), 3)):
        trial.function().compare(*draw(trial, lengths), k, gradients=False)


def check_weights_sum_to_one(trial: Trial) -> None:
    """The weights of the kept keys sum to one: the softmax runs over them alone.

    被保留的键的权重之和为 1：softmax 只在它们之间归一化。
    """
    for k in (2, 3, 5):
        query, key, value = draw(trial)
        trial.function().compare(query, key, torch.ones_like(value), k, gradients=False)


def check_best_key(trial: Trial) -> None:
    """With k = 1 each query picks the key with its own largest score.

    k = 1 时，每个查询选中自己分数最大的键。
    """
    query, key, _ = draw(trial, (4, 7), (4, 3))
    query[..., 0], key[..., 0] = 4.0, 8.0 + 0.01 * key[..., 0]  # all scores are positive
    weights = shown_weights(trial, query, key, 1)
    trial.equal(
        weights.argmax(dim=-1), (query @ key.mT).argmax(dim=-1), ("the chosen key", "选中的键")
    )


def check_dropped_keys(trial: Trial) -> None:
    """A key outside the k best contributes nothing, even where all scores are negative.

    不在前 k 名的键毫无贡献，即使所有分数都是负数。
    """
    query, key, value = draw(trial, (4, 7), (4, 3))
    query[..., 0], key[..., 0] = 4.0, -8.0 + 0.01 * key[..., 0]  # all scores are negative
    dropped = (query @ key.mT).argsort(dim=-1)[..., :4]  # of 7, with k = 3
    weights = shown_weights(trial, query, key, 3).gather(-1, dropped)
    trial.equal(
        weights, torch.zeros_like(weights), ("weights of the dropped keys", "被丢弃的键的权重")
    )
    trial.function().compare(query, key, value, 3, gradients=False)


def check_values(trial: Trial) -> None:
    """The output agrees with the definition for every k, each query and head choosing for itself.

    对各种 k，输出都与定义一致，每个查询、每个头各自选择。
    """
    for lengths, k in (((5, 8), 2), ((3, 6), 4), ((7, 4), 3), ((1, 9), 3)):
        trial.function().compare(*draw(trial, lengths), k, gradients=False)
    trial.function().compare(*draw(trial, (3, 5), (1, 6), (1, 1)), 2, gradients=False)


def check_ties_keep_k(trial: Trial) -> None:
    """Of equal scores only as many are kept as k allows.

    分数相等时也只保留 k 个，不会多留。
    """
    query, key, _ = tied(trial, 3, 6)
    weights = shown_weights(trial, torch.zeros_like(query), key, 4)
    count = (weights > 1e-9).sum(dim=-1)
    trial.equal(count, torch.full((2, 3, 3), 4), ("number of keys with weight", "有权重的键数"))


def check_ties_to_the_lower_index(trial: Trial) -> None:
    """Of equal scores those of the lower key index are kept, for many keys as for few.

    分数相等时保留下标较小的键，无论键多键少。
    """
    for queries, keys, k in ((4, 9, 4), (2, 40, 5), (1, 90, 1)):
        query, key, value = tied(trial, queries, keys)
        trial.function().compare(torch.zeros_like(query), key, value, k, gradients=False)
        trial.function().compare(query, key, value, k, gradients=False)


def check_gradients(trial: Trial) -> None:
    """The gradients of query, key and value are right: they flow through the kept scores.

    query、key、value 的梯度正确：梯度经由被保留的分数传递。
    """
    for lengths, k in (((4, 7), 3), ((3, 5), 9), ((5, 4), 1)):
        trial.function().compare(*draw(trial, lengths), k, dtypes=(DOUBLE,))
    trial.function().compare(*tied(trial, 4, 6), 3, dtypes=(DOUBLE,))


def check_large_logits(trial: Trial) -> None:
    """Scores of ten thousand, positive or negative, give finite, right results.

    分数达到正负一万时结果有限且正确。
    """
    # With D = 16 the scale is exact, so whole numbers are not rounded in float32.
    query, key = (trial.randint(55, 75, (2, 2, n, 16)).double() for n in (4, 7))
    for sign in (1, -1):
        trial.function().compare(sign * query, key, trial.randn(2, 2, 7, 3), 3, logits=1e4)


def check_close_scores(trial: Trial) -> None:
    """Scores that differ in the last digits are no tie: the larger one is kept.

    仅在末几位不同的分数不算并列：保留较大的。
    """
    # With D = 4 and powers of two everything is exact; the gaps are 2^-16 and, in float64, 2^-40.
    for gap, dtype in ((2.0**-16, torch.float32), (2.0**-40, DOUBLE)):
        query = torch.zeros(2, 3, 2, 4, dtype=DOUBLE)
        query[..., 0] = 2.0
        key = torch.zeros(2, 3, 6, 4, dtype=DOUBLE)
        key[..., 0] = 1 + gap * trial.permutation(6).double()
        trial.function().compare(
            query, key, trial.randn(2, 3, 6, 5), 3, gradients=False, dtypes=(dtype,)
        )
