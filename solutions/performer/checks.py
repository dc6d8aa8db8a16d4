"""What Performer attention must do: normaliser, features of keys and queries, then all at once."""

import torch

from grader.kit import Trial

ENTRY = "performer_attention"
DOUBLE = torch.float64
ANY = 1e6  # a tolerance that leaves shape, dtype and the inputs to be judged
ROUGH = 1e-2  # an epsilon is left to the check that speaks of it


def draw(
    trial: Trial, lengths: tuple[int, int] = (5, 7), widths: tuple[int, int, int] = (4, 3, 6)
) -> list[torch.Tensor]:
    """Query, key and value of (2, 3, ·, ·), and a projection; `widths` are D, Dv and M."""
    (queries, keys), (dim, value_dim, features) = lengths, widths
    shapes = ((queries, dim), (keys, dim), (keys, value_dim))
    return [*(trial.randn(2, 3, *shape) for shape in shapes), trial.randn(features, dim)]


def hold(trial: Trial, *inputs: torch.Tensor, tolerance: float | None = ROUGH) -> None:
    trial.function().compare(*inputs, gradients=False, tolerance=tolerance)


def example_one_feature(trial: Trial) -> None:
    """One random feature w = 1 and D = 1: keys 0, 1 and 2 have the features e^0, e^0.5 and e^0.

    一个随机特征 w = 1、D = 1：键 0、1、2 的特征分别是 e^0、e^0.5、e^0。
    """
    query, projection = torch.zeros(1, 1, 1, 1).double(), torch.ones(1, 1).double()
    key = torch.tensor([0.0, 1.0, 2.0], dtype=DOUBLE).view(1, 1, 3, 1)
    value = torch.eye(3, dtype=DOUBLE)[None, None]
    trial.function().show(query=query, key=key, value=value, projection=projection)


def example_two_features(trial: Trial) -> None:
    """Two features, w = 1 and w = −1: the sign of the query now matters.

    两个特征 w = 1 与 w = −1：查询的符号开始起作用。
    """
    column = torch.tensor([-1.0, 1.0], dtype=DOUBLE)
    query = key = column.view(1, 1, 2, 1)
    value = torch.eye(2, dtype=DOUBLE)[None, None]
    trial.function().show(query=query, key=key, value=value, projection=column.view(2, 1))


def check_shape(trial: Trial) -> None:
    """The output is (B, H, Lq, Dv) in the inputs' dtype; no input is modified.

    输出形状为 (B, H, Lq, Dv)，dtype 与输入相同；不修改任何输入。
    """
    for lengths, widths in (((5, 7), (4, 3, 6)), ((6, 2), (3, 5, 2)), ((1, 1), (2, 4, 3))):
        inputs = draw(trial, lengths, widths)
        trial.function().compare(*inputs, gradients=False, tolerance=ANY)


def check_deterministic(trial: Trial) -> None:
    """All randomness is in the projection that is given: the same inputs give the same output.

    随机性全在给定的 projection 里：同样的输入总是得到同样的输出。
    """
    inputs = draw(trial)
    first = trial.function().candidate(*inputs)
    trial.equal(trial.function().candidate(*inputs), first, ("second call", "第二次调用"))


def check_normalised(trial: Trial) -> None:
    """The weights of one query sum to one: equal values come out as they are.

    同一个查询的权重之和为 1：所有值相等时，输出就是这个值。
    """
    query, key, value, projection = draw(trial)
    hold(trial, query, key, torch.ones_like(value), projection)


def check_items_apart(trial: Trial) -> None:
    """Items of the batch and heads are apart; they share nothing but the projection.

    批次中的样本之间、各个头之间互不影响，只共用投影。
    """
    query, key, value, projection = draw(trial)
    together = trial.function().candidate(query, key, value, projection)
    for item, head in ((0, 2), (1, 0)):
        one = [x[item : item + 1, head : head + 1] for x in (query, key, value)]
        alone = trial.function().candidate(*one, projection)
        trial.equal(
            together[item, head],
            alone[0, 0],
            (f"item {item}, head {head}", f"第 {item} 个样本的第 {head} 个头"),
        )


def check_feature_of_keys(trial: Trial) -> None:
    """A key's feature is exp(w·k − |k|²/2): positive, with the half square subtracted.

    键的特征是 exp(w·k − |k|²/2)：取正值，并减去长度平方的一半。
    """
    # With one feature the query cancels; with D = 1 there is no scale.
    for lengths in ((2, 6), (3, 4)):
        query, *others = draw(trial, lengths, (1, 3, 1))
        hold(trial, query / 4, *others)


def check_scale_of_keys(trial: Trial) -> None:
    """Keys are divided by D^(1/4) before their features are taken, the square included.

    键在取特征之前除以 D^(1/4)，长度的平方也按缩放后的键计算。
    """
    for dim in (3, 9):
        query, *others = draw(trial, (2, 6), (dim, 2, 1))
        hold(trial, query / 4, *others)


def check_feature_of_queries(trial: Trial) -> None:
    """Queries have features exp(w·q) of the same kind, one for every row of the projection.

    查询也有同类的特征 exp(w·q)，投影的每一行对应一个。
    """
    for lengths, features in (((5, 4), 4), ((3, 7), 6)):
        hold(trial, *draw(trial, lengths, (1, 3, features)))


def check_scale_of_queries(trial: Trial) -> None:
    """Queries are divided by D^(1/4) as well: the two make 1/sqrt(D).

    查询同样除以 D^(1/4)：两者合起来是 1/sqrt(D)。
    """
    for dim, features in ((3, 5), (9, 4)):
        query, key, *others = draw(trial, (4, 6), (dim, 2, features))
        hold(trial, query, key / 2, *others)


def check_precision(trial: Trial) -> None:
    """float64 is right to nine digits: computed in float64, and without any epsilon.

    float64 精确到九位：全程以 float64 计算，也不加任何 epsilon。
    """
    hold(trial, *draw(trial), tolerance=None)


def check_values(trial: Trial) -> None:
    """The output agrees with the definition for any lengths, widths and number of features.

    对任意长度、宽度与特征数，输出都与定义一致。
    """
    for lengths, widths in (
        ((5, 7), (4, 3, 6)),
        ((8, 2), (3, 6, 12)),
        ((1, 5), (6, 2, 3)),
        ((4, 4), (4, 4, 4)),
    ):
        hold(trial, *draw(trial, lengths, widths), tolerance=None)


def check_gradients(trial: Trial) -> None:
    """The gradients of query, key, value and the projection are right.

    query、key、value 以及 projection 的梯度正确。
    """
    for lengths, widths in (((5, 7), (4, 3, 6)), ((3, 1), (2, 5, 4))):
        trial.function().compare(*draw(trial, lengths, widths), dtypes=(DOUBLE,))


def check_larger_inputs(trial: Trial) -> None:
    """Scores of several units are right too, in float32 as well.

    分数达到若干个单位时依然正确，float32 也是如此。
    """
    query, key, value, projection = draw(trial, (6, 5), (8, 3, 16))
    hold(trial, 2 * query, 2 * key, value, projection, tolerance=None)
