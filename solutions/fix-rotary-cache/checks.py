"""What cached rotary attention must do: one pass first, then one new token, then any split."""

from typing import Any

import torch

from grader.kit import Subject, Trial

ENTRY = "RotaryCachedAttention"
DOUBLE = torch.float64


def step(trial: Trial, layer: Subject, x: torch.Tensor, *cache: Any) -> tuple[Any, Any]:
    """One call; the output is checked for its shape, the cache stays with the submission."""
    result = layer.candidate(x, *cache, keep=(1,))
    if not isinstance(result, tuple) or len(result) != 2:
        trial.fail("forward must return (output, cache).", "forward 应返回 (output, cache)。")
    shape = tuple(getattr(result[0], "shape", ()))
    if shape != tuple(x.shape):
        trial.fail(
            f"The output has shape {shape}, expected {tuple(x.shape)}: one row per new position.",
            f"输出形状为 {shape}，应为 {tuple(x.shape)}：每个新位置一行。",
        )
    return result


def in_chunks(trial: Trial, layer: Subject, x: torch.Tensor, *chunks: int) -> torch.Tensor:
    """The outputs of consecutive calls that hand the cache on."""
    outputs: list[torch.Tensor] = []
    cache: tuple[Any, ...] = ()
    for part in x.split(list(chunks), dim=1):
        output, kept = step(trial, layer, part, *cache)
        outputs.append(output)
        cache = (kept,)
    return torch.cat(outputs, dim=1)


def whole(layer: Subject, x: torch.Tensor) -> torch.Tensor:
    """The reference's output for the whole sequence at once."""
    return layer.reference(x, keep=(1,))[0]  # type: ignore[no-any-return]


def example_two_tokens(trial: Trial) -> None:
    """Two tokens in one call, one head of width two, all projections the identity.

    一次调用两个词元，一个宽度为 2 的头，所有投影都是恒等映射。
    """
    eye, zero = torch.eye(2, dtype=DOUBLE), torch.zeros(2, dtype=DOUBLE)
    weights = {
        "qkv_linear.weight": torch.cat([eye, eye, eye]),
        "qkv_linear.bias": torch.cat([zero, zero, zero]),
        "output_linear.weight": eye,
        "output_linear.bias": zero,
    }
    trial.layer(2, 1, weights=weights).show(x=torch.tensor([[[1.0, 0.0], [2.0, 0.0]]]).double())


def check_parameters(trial: Trial) -> None:
    """The layer has qkv_linear (to 3 d_model) and output_linear with biases, and nothing else.

    该层只有 qkv_linear（输出 3 倍 d_model）和 output_linear，都带偏置，没有别的参数。
    """
    trial.layer(8, 2)


def check_widths_that_do_not_fit(trial: Trial) -> None:
    """A d_model that num_heads does not divide, or an odd width per head, raises ValueError.

    d_model 不能被 num_heads 整除，或每个头的宽度为奇数时，抛出 ValueError。
    """
    for width, heads in ((10, 3), (6, 2), (4, 8)):
        trial.raises(ValueError, trial.construct, width, heads)


def check_one_pass(trial: Trial) -> None:
    """Without a cache the layer is causal attention with rotary positions from 0, half-split pairs.

    没有缓存时，该层就是位置从 0 开始、前后两半配对的旋转位置因果注意力。
    """
    for batch, length, heads, width in trial.sizes((2, 5, 3, 4), (1, 7, 2, 6), (3, 1, 1, 2)):
        layer, x = trial.layer(heads * width, heads), trial.randn(batch, length, heads * width)
        for dtype in (torch.float64, torch.float32):
            output = step(trial, layer, x.to(dtype))[0]
            trial.equal(output, whole(layer, x).to(dtype))


def check_second_token(trial: Trial) -> None:
    """After one cached token the next one stands at position 1: its query and its key.

    缓存了一个词元之后，下一个词元位于位置 1：查询和键都是如此。
    """
    for width, heads in ((4, 1), (12, 3)):
        layer, x = trial.layer(width, heads), trial.randn(2, 2, width)
        trial.equal(in_chunks(trial, layer, x, 1, 1), whole(layer, x))


def check_token_after_a_prompt(trial: Trial) -> None:
    """A token after a prompt of n stands at position n, and the prompt's keys stay at theirs.

    长度为 n 的提示之后，新词元位于位置 n；提示的键仍在各自的位置。
    """
    for prompt in (2, 5):
        layer, x = trial.layer(12, 3), trial.randn(2, prompt + 1, 12)
        trial.equal(in_chunks(trial, layer, x, prompt, 1), whole(layer, x))


def check_token_by_token(trial: Trial) -> None:
    """However long it is decoded, each key is turned once, by its own position.

    无论解码多久，每个键都只按自己的位置旋转一次。
    """
    for chunks in ((4, 1, 1, 1), (1,) * 6):
        layer, x = trial.layer(8, 2), trial.randn(2, sum(chunks), 8)
        trial.equal(in_chunks(trial, layer, x, *chunks), whole(layer, x))


def check_chunk_is_causal(trial: Trial) -> None:
    """Within a later chunk no query sees the positions after it.

    在后续分块内部，查询看不到它之后的位置。
    """
    layer, x = trial.layer(8, 2), trial.randn(2, 7, 8)
    moved = x.clone()
    moved[:, 5:] = trial.randn(2, 2, 8)
    before, after = (in_chunks(trial, layer, given, 4, 3)[:, :5] for given in (x, moved))
    trial.equal(after, before, ("output before the changed positions", "改动位置之前的输出"))


def check_any_split(trial: Trial) -> None:
    """Any split of a sequence into chunks gives the result of one pass, in both dtypes.

    序列无论怎样分块，结果都与一次处理相同，两种 dtype 皆然。
    """
    for chunks in ((3, 4), (2, 1, 5), (1, 6, 2, 3)):
        layer, x = trial.layer(12, 3), trial.randn(2, sum(chunks), 12)
        for dtype in (torch.float32, torch.float64):  # what float32 leaves shows in float64
            output = in_chunks(trial, layer, x.to(dtype), *chunks)
            trial.equal(output, whole(layer, x).to(dtype))


def check_far_positions(trial: Trial) -> None:
    """Positions count on after a long prompt.

    长提示之后，位置继续往后数。
    """
    layer, x = trial.layer(8, 1), trial.randn(1, 300, 8)
    trial.equal(in_chunks(trial, layer, x, 150, 148, 2), whole(layer, x))


def check_two_sequences(trial: Trial) -> None:
    """Two sequences of different lengths can be decoded in turn: positions belong to the cache.

    两个长度不同的序列可以交替解码：位置属于缓存，不属于层。
    """
    layer, (x, y) = trial.layer(8, 2), (trial.randn(2, 4, 8), trial.randn(2, 6, 8))
    _, first = step(trial, layer, x[:, :3])
    _, second = step(trial, layer, y[:, :5])
    trial.equal(step(trial, layer, x[:, 3:], first)[0], whole(layer, x)[:, 3:])
    trial.equal(step(trial, layer, y[:, 5:], second)[0], whole(layer, y)[:, 5:])
    trial.equal(step(trial, layer, x[:1], None)[0], whole(layer, x[:1]))
    # Another layer of the same weights can go on from the cache.
    _, third = step(trial, layer, x[:, :3])
    twin = trial.layer(8, 2, weights=layer.weights)
    trial.equal(step(trial, twin, x[:, 3:], third)[0], whole(layer, x)[:, 3:])


def check_batch_items_apart(trial: Trial) -> None:
    """Every item of the batch has its own cache rows.

    批内每个样本有各自的缓存。
    """
    layer, x = trial.layer(8, 2), trial.randn(3, 6, 8)
    together = in_chunks(trial, layer, x, 3, 2, 1)
    for item in range(3):
        alone = in_chunks(trial, layer, x[item : item + 1], 3, 2, 1)
        trial.equal(
            together[item : item + 1], alone, (f"output of item {item}", f"第 {item} 个样本的输出")
        )


def check_large_logits(trial: Trial) -> None:
    """Scores of ten thousand give finite, right outputs.

    分数达到一万时输出有限且正确。
    """
    rows = torch.cat([trial.randn(16, 8, scale=40.0), trial.randn(8, 8)])
    layer, x = trial.layer(8, 2, weights={"qkv_linear.weight": rows}), trial.randn(2, 6, 8)
    trial.equal(in_chunks(trial, layer, x, 3, 2, 1), whole(layer, x), logits=1e5)
    if not in_chunks(trial, layer, x.float(), 3, 2, 1).isfinite().all():
        trial.fail("The output is not finite in float32.", "float32 下输出不是有限值。")
    # Constant queries and keys of opposite signs: a query's score with itself is -180 000.
    rows = torch.cat([torch.zeros(16, 8, dtype=DOUBLE), trial.randn(8, 8)])
    bias = torch.cat([torch.full((8,), 300.0 * sign, dtype=DOUBLE) for sign in (1, -1, 0)])
    layer = trial.layer(8, 2, weights={"qkv_linear.weight": rows, "qkv_linear.bias": bias})
    trial.equal(in_chunks(trial, layer, x, 3, 2, 1), whole(layer, x), logits=1e6)


def check_same_in_evaluation(trial: Trial) -> None:
    """The layer gives the same after eval(): nothing here is for training alone.

    调用 eval() 之后结果不变：这里没有只在训练时才做的事。
    """
    layer, x = trial.layer(8, 2), trial.randn(2, 7, 8)
    layer.method("eval").candidate()
    trial.equal(in_chunks(trial, layer, x, 3, 1, 3), whole(layer, x))
