"""What linear attention must do: features, normaliser, running sums, the edges, the memory."""

import torch

from grader.kit import Trial

ENTRY = "linear_attention"
SECONDS = 30
DOUBLE = torch.float64
# An epsilon of 1e-6 beside features of at least 0.2 changes results by 5e-6, gradients by 1e-5 of
# their size. As the size of logits this number sets the tolerance in float64 to 2e-5.
EPSILON = 6e9
ANY = 1e6  # a tolerance that leaves shape, dtype and the inputs to be judged


def draw(
    trial: Trial, lengths: tuple[int, int] = (5, 7), widths: tuple[int, int] = (4, 3)
) -> list[torch.Tensor]:
    """Query, key and value of (2, 3, ·, ·); queries and keys on both sides of zero."""
    (queries, keys), (dim, value_dim) = lengths, widths
    query, key = (3 * trial.rand(2, 3, length, dim) - 1.5 for length in (queries, keys))
    return [query, key, trial.randn(2, 3, keys, value_dim)]


def hold(trial: Trial, *inputs: object, gradients: bool = False) -> None:
    """Agreement in both dtypes, up to what a permitted epsilon changes."""
    subject = trial.function()
    subject.compare(*inputs, gradients=gradients, dtypes=(DOUBLE,), logits=EPSILON)
    subject.compare(*inputs, gradients=False, dtypes=(torch.float32,))


def hold_epsilon(trial: Trial, causal: bool) -> None:
    """One key, the features 1 and 2: an epsilon of 1e-6 changes the output by 1e-6 at most."""
    one = torch.ones(1, 1, 1, 1, dtype=DOUBLE)
    trial.function().compare(
        one, 0 * one, one, causal, gradients=False, dtypes=(DOUBLE,), tolerance=1.5e-6
    )


def example_two_tokens(trial: Trial) -> None:
    """Two tokens, one feature: the weights of the keys are 1 and 2, so elu(x) + 1 at 0 and at 1.

    两个词元、一个特征：两个键的权重是 1 与 2，即 elu(x) + 1 在 0 和 1 处的值。
    """
    column = torch.tensor([0.0, 1.0], dtype=DOUBLE).view(1, 1, 2, 1)
    value = torch.tensor([[3.0, 0.0], [0.0, 3.0]], dtype=DOUBLE)[None, None]
    trial.function().show(query=column, key=column, value=value)


def example_causal(trial: Trial) -> None:
    """The same, causal: the first token sees itself alone.

    同样的输入，因果：第一个词元只看到自己。
    """
    column = torch.tensor([0.0, 1.0], dtype=DOUBLE).view(1, 1, 2, 1)
    value = torch.tensor([[3.0, 0.0], [0.0, 3.0]], dtype=DOUBLE)[None, None]
    trial.function().show(query=column, key=column, value=value, causal=True)


def check_inputs_untouched(trial: Trial) -> None:
    """The inputs are not modified, and the output has shape (B, H, Lq, Dv) and their dtype.

    不修改输入；输出形状为 (B, H, Lq, Dv)，dtype 与输入相同。
    """
    for causal in (False, True):
        trial.function().compare(*draw(trial), causal, gradients=False, tolerance=ANY)


def check_normalised(trial: Trial) -> None:
    """The weights of one query sum to one: equal values come out as they are.

    同一个查询的权重之和为 1：所有值相等时，输出就是这个值。
    """
    query, key, _ = draw(trial)
    # Large queries, so that a too large epsilon is left to the check that speaks of it.
    hold(trial, 50 + query, key, torch.ones(2, 3, 7, 2, dtype=DOUBLE))


def check_feature_of_keys(trial: Trial) -> None:
    """A key's feature is elu(x) + 1: x + 1 above zero, exp(x) below.

    键的特征是 elu(x) + 1：正数为 x + 1，负数为 exp(x)。
    """
    # With one feature the query cancels, and the weights are the features of the keys.
    query, key, value = draw(trial, (2, 6), (1, 3))
    query = 1e4 * query.abs() + 1e4
    hold(trial, query, key, value, gradients=True)
    hold(trial, query, 4 * key.abs() + 0.5, value)


def check_epsilon(trial: Trial) -> None:
    """An epsilon in the normaliser is at most 1e-6.

    归一化因子中的 epsilon 不超过 1e-6。
    """
    hold_epsilon(trial, causal=False)
    # Features of e^-4: 1e-6 beside their product moves the output by 3e-3.
    low = torch.full((1, 1, 1, 1), -4.0, dtype=DOUBLE)
    trial.function().compare(
        low, low, torch.ones_like(low), gradients=False, dtypes=(DOUBLE,), tolerance=4e-3
    )


def check_feature_of_queries(trial: Trial) -> None:
    """Queries go through the same feature map, and no scale comes before it.

    查询也经过同样的特征映射，之前不做缩放。
    """
    for widths in ((4, 3), (9, 2)):
        hold(trial, *draw(trial, (4, 6), widths))


def check_values(trial: Trial) -> None:
    """The output agrees with the definition for any lengths and widths.

    对任意长度与宽度，输出都与定义一致。
    """
    for lengths, widths in (((5, 7), (4, 3)), ((8, 2), (3, 6)), ((1, 1), (2, 5))):
        hold(trial, *draw(trial, lengths, widths))


def check_gradients(trial: Trial) -> None:
    """The gradients of query, key and value are right.

    query、key、value 的梯度正确。
    """
    hold(trial, *draw(trial), gradients=True)


def check_causal(trial: Trial) -> None:
    """Causal: no query sees a later position, neither above nor below the fraction.

    因果：任何查询都看不到后面的位置，分子与分母都是如此。
    """
    query, key, value = draw(trial, (6, 6))
    subject = trial.function()
    before = subject.candidate(query, key, value, True)
    if tuple(getattr(before, "shape", ())) != (2, 3, 6, 3):
        subject.compare(query, key, value, True, gradients=False)  # says how the shapes differ
    key[..., 4:, :] += 1
    value[..., 4:, :] -= 1
    after = subject.candidate(query, key, value, True)
    trial.equal(
        after[..., :4, :],
        before[..., :4, :],
        ("outputs before the changed position", "改动位置之前的输出"),
    )


def check_causal_values(trial: Trial) -> None:
    """Causal: query i sees keys 0 to i, itself included, each weighed by its features.

    因果：第 i 个查询看到第 0 到 i 个键（包括自己），按各自的特征加权。
    """
    for length, widths in ((6, (4, 3)), (9, (2, 5)), (1, (3, 2))):
        hold(trial, *draw(trial, (length, length), widths), True)
    hold_epsilon(trial, causal=True)
    hold(trial, *draw(trial, (300, 300)), True)  # more than a chunk of usual size


def check_more_keys_than_queries(trial: Trial) -> None:
    """Causal with more keys than queries: the queries are the last positions.

    键多于查询的因果情形：查询对应最后若干位置。
    """
    for lengths in ((3, 8), (1, 5)):
        hold(trial, *draw(trial, lengths), True)


def check_queries_without_keys(trial: Trial) -> None:
    """Causal with more queries than keys: the first ones see nothing and get zeros, never NaN.

    查询多于键的因果情形：最前面的查询什么也看不到，输出零，绝不是 NaN。
    """
    for lengths in ((7, 3), (6, 5)):
        hold(trial, *draw(trial, lengths), True)


def check_causal_gradients(trial: Trial) -> None:
    """Causal gradients are right, and a query without keys passes none.

    因果情形的梯度正确；没有键可看的查询不传递梯度。
    """
    for lengths in ((6, 6), (3, 7), (7, 4)):
        hold(trial, *draw(trial, lengths), True, gradients=True)


def check_zero_normaliser(trial: Trial) -> None:
    """Where all features vanish the normaliser is zero: zeros and no gradient, never NaN.

    特征全部为零时归一化因子为零：输出零，不传梯度，绝不是 NaN。
    """
    query, key, value = draw(trial, (5, 5))
    silent = query.clone()
    silent[..., 2, :] = -1000.0  # exp(-1000) is 0 in float64 too
    hold(trial, silent, key, value)
    mute = key.clone()
    mute[..., :3, :] = -1000.0
    hold(trial, silent, key, value, gradients=True)
    hold(trial, query, mute, value, True, gradients=True)
    hold(trial, query, torch.full_like(key, -1000.0), value)


def check_precision(trial: Trial) -> None:
    """float64 inputs are computed in float64 throughout, running sums included.

    float64 的输入全程以 float64 计算，滚动的和也不例外。
    """
    # Features of ten thousand leave nothing of an epsilon, so only rounding is left.
    query, key, value = draw(trial, (6, 6))
    key = 1e4 * (2 + key / 1.5)
    for causal in (False, True):
        inputs = (query, key, value, causal)
        trial.function().compare(*inputs, gradients=False, dtypes=(DOUBLE,))


def check_large_inputs(trial: Trial) -> None:
    """Products of ten thousand give finite, right results.

    内积达到一万时结果有限且正确。
    """
    query, key = (trial.randint(-100, 101, (2, 2, 7, 16)).double() for _ in range(2))
    query[..., 0], key[..., 0] = 90.0, 95.0  # every normaliser is far from zero
    for causal in (False, True):
        hold(trial, query, key, trial.randn(2, 2, 7, 3), causal)


def check_memory(trial: Trial) -> None:
    """No length × length matrix is built, causal or not: memory grows with the length only.

    无论是否因果，都不构造 长度 × 长度 的矩阵：内存只随长度线性增长。
    """
    length = 6000  # all pairs: 137 MiB as float32, 34 MiB as booleans
    inputs = [trial.randn(1, 1, length, 8).float() for _ in range(3)]
    for causal in (False, True):
        trial.function().memory_below(30 << 20, *inputs, causal)
