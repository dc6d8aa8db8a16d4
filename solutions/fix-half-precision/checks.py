"""What attention must do in half precision, too: overflow, masks, empty rows, dtypes."""

import torch

from grader.kit import Trial

ENTRY = "attention"
DOUBLE, SINGLE = torch.float64, torch.float32
HALVES = (torch.float16, torch.bfloat16)


def draw(
    trial: Trial, leading: tuple[int, ...], queries: int, keys: int, dim: int, value_dim: int
) -> list[torch.Tensor]:
    """Inputs with eight significant bits, which all four dtypes can hold."""
    shapes = ((queries, dim), (keys, dim), (keys, value_dim))
    return [trial.randn(*leading, *shape).bfloat16().double() for shape in shapes]


def aligned(trial: Trial, sizes: list[int], count: int = 3) -> list[torch.Tensor]:
    """Queries of ±40 and keys that are multiples of them: key j has the score 320 · sizes[j].

    The width is 64, so the unscaled score, 2560 · sizes[j], exceeds 65504 from 26 on.
    """
    signs = trial.randint(0, 2, (2, 1, 64)).double() * 2 - 1
    multiples = torch.tensor(sizes, dtype=DOUBLE)[trial.permutation(len(sizes))]
    value = trial.randn(2, len(sizes), 3).bfloat16().double()
    return [(40 * signs).repeat(1, count, 1), multiples[:, None] * signs, value]


def example_two_keys(trial: Trial) -> None:
    """One query, two keys, the second masked: the value of the first.

    一个查询、两个键，第二个被掩蔽：得到第一个键的值。
    """
    x = torch.eye(2, dtype=DOUBLE)
    mask = torch.tensor([[True, False]])
    trial.function().show(query=x[:1], key=x, value=torch.tensor([[1.0], [3.0]]), mask=mask)


def check_definition(trial: Trial) -> None:
    """In float64 and float32 it is attention as defined, scale 1/sqrt(D), any leading dimensions.

    在 float64 与 float32 下符合定义，缩放为 1/sqrt(D)，前面的维度任意。
    """
    for leading, dim in (((2, 3), 5), ((), 16), ((3,), 1)):
        trial.function().compare(*draw(trial, leading, 4, 6, dim, 3), gradients=False)
    trial.function().compare(*draw(trial, (1, 2), 1, 3, 4, 1), gradients=False)
    trial.function().compare(*draw(trial, (), 4, 4, 5, 2), gradients=False)


def check_half_dtypes(trial: Trial) -> None:
    """float16 and bfloat16 give the same dtype back and the result to within its rounding.

    float16 与 bfloat16 输入返回同样的 dtype，结果在其舍入误差之内。
    """
    for leading, keys, dim in (((8, 8), 6, 5), ((), 6, 64), ((2,), 2000, 16)):
        query, key, value = draw(trial, leading, 4, keys, dim, 3)
        if keys > 6:  # values of one sign, so that no sum is small
            value = (value.abs() + 1).bfloat16().double()
        size = max(1.0, trial.function().reference(query, key, value).abs().max().item())
        for dtype in HALVES:  # working in the half dtype itself costs up to two units of rounding
            limit = 4 * torch.finfo(dtype).eps * size
            trial.function().compare(
                query, key, value, gradients=False, dtypes=(dtype,), tolerance=limit
            )


def check_products_beyond_float16(trial: Trial) -> None:
    """Products of query and key beyond 65504 do not overflow where the scaled scores fit.

    查询与键的乘积超过 65504，只要缩放后的分数放得下，就不会溢出。
    """
    for sizes in ([30, -30, 5], [-30, -35, -40], [40, 30, 35, 20], [62, 60, 58, 50]):
        inputs = aligned(trial, sizes)
        trial.function().compare(*inputs, gradients=False, dtypes=HALVES)


def check_mask_in_half(trial: Trial) -> None:
    """A mask works in every dtype: True means "may attend", the other keys have no weight.

    掩码在每种 dtype 下都可用：True 表示“可以注意”，其余的键没有权重。
    """
    for shape in trial.sizes((4, 6), (2, 1, 1, 6), (2, 3, 4, 6)):
        inputs = [*draw(trial, (2, 3), 4, 6, 8, 3), trial.mask(*shape)]
        trial.function().compare(*inputs, gradients=False, dtypes=(DOUBLE, SINGLE, *HALVES))


def check_masked_keys_stay_out(trial: Trial) -> None:
    """A masked key stays out even when every allowed score is below minus ten thousand.

    即使所有允许的分数都低于负一万，被掩蔽的键也不能参与。
    """
    query, key, value = aligned(trial, [-36, -40, -38, -44, -50])
    mask = trial.mask(2, 3, 5)
    dtypes = (DOUBLE, SINGLE, *HALVES)
    trial.function().compare(query, key, value, mask, gradients=False, dtypes=dtypes)
    # At the end of the range: the allowed key at -2e4, the others anywhere up to +2e4.
    query, key, value = aligned(trial, [62.5, 20, -40, -62.5])
    scores = query[:, :1] @ key.transpose(1, 2) / 8
    mask = scores == scores.amin(-1, keepdim=True)
    trial.function().compare(query, key, value, mask, gradients=False, dtypes=dtypes)


def empty_rows(trial: Trial) -> list[torch.Tensor]:
    mask = trial.mask(3, 1, 4, 5)
    mask[0], mask[1, :, 2] = False, False
    return [*draw(trial, (3, 2), 4, 5, 6, 2), mask]


def check_nothing_to_attend(trial: Trial) -> None:
    """A query that may attend to nothing gets zeros in every dtype, not NaN and not an average.

    一个键都不能注意的查询，在每种 dtype 下都得到零，不是 NaN，也不是平均值。
    """
    inputs = empty_rows(trial)
    trial.function().compare(*inputs, gradients=False, dtypes=(DOUBLE, SINGLE, *HALVES))


def check_gradients(trial: Trial) -> None:
    """The gradients are those of the definition in float64; an empty row passes none.

    float64 下的梯度与定义一致；空行不传递梯度。
    """
    for leading, queries, keys in (((2, 3), 4, 6), ((), 5, 1)):
        trial.function().compare(*draw(trial, leading, queries, keys, 5, 2), dtypes=(DOUBLE,))
    trial.function().compare(*empty_rows(trial), dtypes=(DOUBLE,))


def check_range_of_bfloat16(trial: Trial) -> None:
    """bfloat16 and float32 reach further than float16: values of 1e5 stay finite in them.

    bfloat16 与 float32 的范围比 float16 大：1e5 量级的值在其中仍是有限的。
    """
    query, key, value = draw(trial, (2,), 3, 4, 8, 2)
    value = (value * 1e5).bfloat16().double()
    dtypes = (SINGLE, torch.bfloat16)
    trial.function().compare(query, key, value, gradients=False, dtypes=dtypes)


def check_large_logits(trial: Trial) -> None:
    """Scores of ten thousand give finite, right results in float32 and float64.

    分数达到一万时，float32 与 float64 的结果有限且正确。
    """
    query, key = (trial.randint(-100, 101, (2, n, 16)).double() for n in (4, 6))
    trial.function().compare(query, key, trial.randn(2, 6, 3), logits=1e4)
    # Scores near 9750 that differ by quarters are told apart.
    query, key = (torch.full((2, n, 16), size, dtype=DOUBLE) for n, size in ((4, 50.0), (6, 52.0)))
    query[..., 0], key[..., 0] = 1, trial.permutation(6).double()
    trial.function().compare(query, key, trial.randn(2, 6, 3), logits=1e4)
