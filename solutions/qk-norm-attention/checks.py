"""What QK-norm attention must do: attention, then the norm of query and key, part by part."""

import torch

from grader.kit import Trial

ENTRY = "qk_norm_attention"
DOUBLE = torch.float64
EPS = 1e-6


def draw(
    trial: Trial,
    lengths: tuple[int, int] = (4, 6),
    widths: tuple[int, int] = (5, 3),
    leading: tuple[int, int] = (2, 3),
) -> list[torch.Tensor]:
    """Query, key, value and the two weights; tokens of different sizes and a mean that is not 0."""
    (queries, keys), (dim, value_dim) = lengths, widths
    query, key = (
        (trial.randn(*leading, length, dim) + 0.5) * 2.0 ** trial.randint(-2, 3, (length, 1))
        for length in (queries, keys)
    )
    weights = [0.5 + trial.rand(dim) for _ in range(2)]
    return [query, key, trial.randn(*leading, keys, value_dim), *weights]


def unit_sized(trial: Trial, *shape: int, ones: int) -> torch.Tensor:
    """Tokens of `ones` times 1 and else -1 in random order, whose root mean square is 1."""
    places = trial.rand(*shape).argsort(dim=-1)
    return torch.where(places < ones, 1.0, -1.0).double()


def example_direction_only(trial: Trial) -> None:
    """Two keys of one direction and different length get equal weights.

    两个键方向相同、长度不同，得到相等的权重。
    """
    query = torch.tensor([[[[1.0, 1.0]]]], dtype=DOUBLE)
    key = torch.tensor([[[[1.0, 1.0], [10.0, 10.0], [1.0, -1.0]]]], dtype=DOUBLE)
    one = torch.ones(2, dtype=DOUBLE)
    value = torch.eye(3, dtype=DOUBLE)[None, None]
    trial.function().show(query=query, key=key, value=value, query_weight=one, key_weight=one)


def check_values_not_normalised(trial: Trial) -> None:
    """With a single key the output is its value, as it is.

    只有一个键时，输出就是它的值，原样不变。
    """
    trial.function().compare(*draw(trial, (1, 1)), gradients=False)


def check_softmax_over_keys(trial: Trial) -> None:
    """Equal keys get equal weights: the output is the mean of the values.

    键都相同时权重相等：输出是各值的平均。
    """
    query, key, *rest = draw(trial)
    trial.function().compare(query, key[:, :, :1].expand_as(key), *rest, gradients=False)


def check_scale(trial: Trial) -> None:
    """Tokens of root mean square 1 stay as they are; their scores are divided by sqrt(D).

    均方根为 1 的词元保持原样，其分数除以 sqrt(D)。
    """
    for dim in (4, 10):
        # As many 1 as -1, in any order: mean 0, mean square 1.
        query, key = (unit_sized(trial, 2, 3, n, dim, ones=dim // 2) for n in (5, 6))
        weight, value = torch.ones(dim, dtype=DOUBLE), trial.randn(2, 3, 6, 3)
        inputs = [query, key, value, weight, weight]
        trial.function().compare(*inputs, EPS, gradients=False, tolerance=1e-3)


def check_weights(trial: Trial) -> None:
    """After the norm every feature is multiplied by its weight, the query's or the key's own.

    归一化之后，每个特征乘以各自的权重，查询和键各用各的。
    """
    query, key = (unit_sized(trial, 2, 3, n, 6, ones=3) for n in (5, 4))
    weights = [0.5 + trial.rand(6) for _ in range(2)]
    inputs = [query, key, trial.randn(2, 3, 4, 5), *weights]
    trial.function().compare(*inputs, EPS, gradients=False, tolerance=1e-3)


def check_not_centred(trial: Trial) -> None:
    """The mean of a token is not subtracted: the root mean square is measured from zero.

    不减去词元的均值：均方根以零为基准。
    """
    query, key = (unit_sized(trial, 2, 3, n, 5, ones=4) for n in (4, 6))
    weight, value = torch.ones(5, dtype=DOUBLE), trial.randn(2, 3, 6, 3)
    inputs = [query, key, value, weight, weight]
    trial.function().compare(*inputs, EPS, gradients=False, tolerance=1e-3)


def check_length_of_queries(trial: Trial) -> None:
    """Only the direction of a query counts: a longer one gives the same output.

    查询只有方向起作用：放大后输出不变。
    """
    query, key, *rest = draw(trial)
    key = unit_sized(trial, *key.shape, ones=3)
    trial.function().compare(query, key, *rest, EPS, gradients=False, tolerance=1e-3)


def check_length_of_keys(trial: Trial) -> None:
    """Only the direction of a key counts, that of every single token.

    键也只有方向起作用，每个词元各自归一化。
    """
    query, key, *rest = draw(trial)
    query = unit_sized(trial, *query.shape, ones=3)
    trial.function().compare(query, key, *rest, EPS, gradients=False, tolerance=1e-3)


def check_eps(trial: Trial) -> None:
    """eps is added to the mean square, under the root; its default is 1e-6.

    eps 加在均方上、根号之内；默认值为 1e-6。
    """
    query, key, *rest = draw(trial, (3, 5), (4, 2))
    trial.function().compare(query, key, *rest, 0.5, gradients=False)
    trial.function().compare(query * 1e-3, key * 1e-3, *rest, gradients=False)


def check_values(trial: Trial) -> None:
    """The output agrees with the definition at all sizes, in float64 and float32.

    在各种尺寸下，float64 与 float32 的输出都与定义一致。
    """
    for lengths, widths, leading in (
        ((7, 4), (4, 6), (3, 2)),
        ((1, 9), (6, 3), (2, 1)),
        ((5, 2), (1, 3), (1, 2)),
    ):
        trial.function().compare(*draw(trial, lengths, widths, leading), gradients=False)


def check_gradients(trial: Trial) -> None:
    """The gradients of query, key, value and both weights are right, through the norm.

    query、key、value 和两个权重的梯度都正确，并且经过归一化传递。
    """
    trial.function().compare(*draw(trial), dtypes=(DOUBLE,))
    trial.function().compare(*draw(trial, (3, 5), (4, 2), (1, 2)), 0.3, dtypes=(DOUBLE,))


def check_zero_tokens(trial: Trial) -> None:
    """A token of zeros stays zero, with finite gradients: eps keeps the division from 0 / 0.

    全零的词元保持为零，梯度有限：eps 避免了 0 / 0。
    """
    query, key, *rest = draw(trial)
    query[0, 1, 2], key[1, :, 3] = 0.0, 0.0
    trial.function().compare(query, key, *rest, 0.01)


def check_large_logits(trial: Trial) -> None:
    """Scores of ten thousand, reached through large weights, give finite, right results.

    通过很大的权重使分数达到一万时，结果有限且正确。
    """
    query, key, value, *weights = draw(trial, (4, 6), (16, 3), (2, 2))
    large = [50 * weight for weight in weights]
    trial.function().compare(query, key, value, *large, logits=2e4)


def check_large_inputs(trial: Trial) -> None:
    """Queries and keys of ten thousand are normalised like any others.

    大小为一万的查询和键同样被归一化。
    """
    query, key, *rest = draw(trial, (3, 5), (4, 2))
    trial.function().compare(1e4 * query, 1e4 * key, *rest, gradients=False)
