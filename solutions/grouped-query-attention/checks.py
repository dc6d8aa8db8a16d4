"""What grouped-query attention must do: which heads share, then attention as usual."""

import torch

from grader.kit import Trial

ENTRY = "grouped_query_attention"
DOUBLE = torch.float64


def draw(
    trial: Trial,
    heads: tuple[int, int],
    lengths: tuple[int, int] = (4, 6),
    widths: tuple[int, int] = (5, 3),
    batch: int = 2,
) -> list[torch.Tensor]:
    """Query, key and value; `heads` are (H, Hkv), `lengths` (Lq, Lk), `widths` (D, Dv)."""
    return [
        trial.randn(batch, heads[0], lengths[0], widths[0]),
        trial.randn(batch, heads[1], lengths[1], widths[0]),
        trial.randn(batch, heads[1], lengths[1], widths[1]),
    ]


def example_four_heads(trial: Trial) -> None:
    """Four query heads share two key-value heads; with a single key every head returns its value.

    四个查询头共享两个键值头；只有一个键时，每个头返回的就是它的值。
    """
    query = torch.ones(1, 4, 1, 1, dtype=DOUBLE)
    value = torch.tensor([10.0, 20.0], dtype=DOUBLE).view(1, 2, 1, 1)
    trial.function().show(query=query, key=torch.ones(1, 2, 1, 1, dtype=DOUBLE), value=value)


def check_indivisible_heads(trial: Trial) -> None:
    """Query heads that are no multiple of the key-value heads raise ValueError.

    查询头数不是键值头数的整数倍时抛出 ValueError。
    """
    trial.raises(ValueError, trial.function(), *draw(trial, (6, 4)))
    trial.raises(ValueError, trial.function(), *draw(trial, (2, 4)))


def check_shape(trial: Trial) -> None:
    """The output is (B, H, Lq, Dv): one row per query head and query.

    输出形状为 (B, H, Lq, Dv)：每个查询头的每个查询一行。
    """
    for heads in trial.sizes((6, 2), (4, 1)):
        inputs = draw(trial, heads)
        shape = tuple(getattr(trial.function().candidate(*inputs), "shape", ()))
        if shape != (2, heads[0], 4, 3):
            trial.function().compare(*inputs, gradients=False)


def check_softmax_over_keys(trial: Trial) -> None:
    """With equal scores a head returns the mean over its keys: the softmax runs over the keys.

    分数全相等时，单个头返回各键对应值的平均：softmax 沿键的维度归一化。
    """
    query, key, value = draw(trial, (1, 1))
    trial.function().compare(torch.zeros_like(query), key, value, gradients=False)


def check_consecutive_heads_share_values(trial: Trial) -> None:
    """Query heads 0 to H/Hkv − 1 read the first key-value head, the next ones the second.

    第 0 到 H/Hkv − 1 个查询头读取第一个键值头，接下来的一组读取第二个，以此类推。
    """
    for heads in trial.sizes((6, 2), (6, 3), (8, 4)):
        # A single key: no score matters, every head returns its value.
        trial.function().compare(*draw(trial, heads, (2, 1)), gradients=False)


def check_one_head_each(trial: Trial) -> None:
    """With H = Hkv it is ordinary multi-head attention, scaled by 1/sqrt(D).

    H = Hkv 时就是普通的多头注意力，缩放为 1/sqrt(D)。
    """
    for heads, widths in (((3, 3), (5, 3)), ((1, 1), (9, 2))):
        trial.function().compare(*draw(trial, heads, widths=widths), gradients=False)


def check_consecutive_heads_share_keys(trial: Trial) -> None:
    """The keys are shared as the values are, and every query head keeps its own query.

    键的共享方式与值相同，而每个查询头保留自己的查询。
    """
    for heads in trial.sizes((6, 2), (6, 3), (8, 4)):
        trial.function().compare(*draw(trial, heads), gradients=False)


def check_single_shared_head(trial: Trial) -> None:
    """With one key-value head for all it is multi-query attention.

    所有查询头共用一个键值头时，就是多查询注意力。
    """
    trial.function().compare(*draw(trial, (5, 1), (3, 7), (4, 6)), gradients=False)
    trial.function().compare(*draw(trial, (4, 1), (1, 5), (2, 3), batch=1), gradients=False)


def check_gradients(trial: Trial) -> None:
    """The gradients are right; those of shared keys and values add up over their query heads.

    梯度正确；被共享的键和值的梯度是各查询头梯度之和。
    """
    for heads in trial.sizes((6, 2), (4, 4), (3, 1)):
        trial.function().compare(*draw(trial, heads), dtypes=(torch.float64,))


def check_true_may_attend(trial: Trial) -> None:
    """True in the mask means "may attend": a single True picks out that key's value.

    mask 中 True 表示“可以注意”：只有一个 True 时，输出就是那个键的值。
    """
    mask = torch.eye(5, dtype=torch.bool)[trial.permutation(5)][:4]
    trial.function().compare(*draw(trial, (6, 3), (4, 5)), mask, gradients=False)


def check_mask_of_query_heads(trial: Trial) -> None:
    """The mask broadcasts to (B, H, Lq, Lk): its heads are the query heads, not the shared ones.

    掩码广播到 (B, H, Lq, Lk)：其中的头是查询头，而不是共享的键值头。
    """
    batch, heads, queries, keys = 4, 6, 4, 5  # a (4, 5) mask is of queries, not of items
    inputs = draw(trial, (heads, 3), (queries, keys), batch=batch)
    for shape in trial.sizes(
        (queries, keys),
        (heads, queries, keys),
        (batch, 1, 1, keys),
        (batch, 1, queries, keys),
        (1, heads, 1, keys),
        (batch, heads, queries, keys),
    ):
        trial.function().compare(*inputs, trial.mask(*shape), dtypes=(torch.float64,))
    whole_queries = trial.rand(batch, 1, queries, 1) < 0.6
    trial.function().compare(*inputs, whole_queries, gradients=False)
    single = draw(trial, (heads, 3), (1, keys), batch=batch)  # as in decoding
    trial.function().compare(*single, trial.mask(batch, 1, 1, keys), gradients=False)


def check_as_many_keys_as_queries(trial: Trial) -> None:
    """Equal lengths, long or short, are no sign of a causal mask; any number of heads may share.

    长度相等并不意味着因果掩码，无论长短；共享一个键值头的查询头可以很多。
    """
    for length in (5, 70):
        inputs = draw(trial, (6, 2), (length, length))
        trial.function().compare(*inputs, gradients=False, dtypes=(torch.float64,))
    for heads in ((32, 2), (12, 4)):
        trial.function().compare(*draw(trial, heads, (2, 3)), gradients=False)


def empty_rows(trial: Trial) -> list[torch.Tensor]:
    mask = trial.mask(3, 4, 4, 5)
    mask[0], mask[1, :, 2], mask[2, 0, 1] = False, False, False  # the last in one head alone
    return [*draw(trial, (4, 2), (4, 5), batch=3), mask]


def check_nothing_to_attend(trial: Trial) -> None:
    """A query that may attend to nothing gets zeros, not NaN and not an average.

    一个键都不能注意的查询得到零，不是 NaN，也不是平均值。
    """
    trial.function().compare(*empty_rows(trial), gradients=False)
    alone = torch.tensor([True, False, True])[:, None, None, None]  # of a single key
    trial.function().compare(*draw(trial, (4, 2), (4, 1), batch=3), alone, gradients=False)


def check_nothing_to_attend_gradients(trial: Trial) -> None:
    """A query that may attend to nothing passes no gradient, and never NaN.

    一个键都不能注意的查询不传递梯度，更不会传出 NaN。
    """
    trial.function().compare(*empty_rows(trial), dtypes=(torch.float64,))


def check_large_logits(trial: Trial) -> None:
    """Scores of ten thousand, positive or negative, give finite, right results.

    分数达到正负一万时结果有限且正确。
    """
    # With D = 16 the scale is exact, so whole numbers are not rounded in float32.
    query, key = trial.randint(40, 60, (2, 4, 3, 16)), trial.randint(75, 100, (2, 2, 5, 16))
    value, mask = trial.randn(2, 2, 5, 3), trial.mask(2, 1, 3, 5)
    for sign in (1, -1):
        trial.function().compare(sign * query.double(), key.double(), value, mask, logits=1e4)
    # Allowed scores of minus ten thousand, masked ones of plus ten thousand.
    mask = trial.mask(2, 1, 1, 5)
    key = torch.where(mask[:, :, 0, :, None], -key, key).double()
    trial.function().compare(query.double(), key, value, mask, gradients=False, logits=1e4)
