"""What a CachedSelfAttention must do: first without a cache, then any split of a sequence."""

from typing import Any

import torch

from grader.kit import Subject, Trial

ENTRY = "CachedSelfAttention"
DOUBLE = torch.float64


def stacked(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> dict[str, torch.Tensor]:
    """Weights of the layer from three (d_model, d_model) matrices; identity output, no biases."""
    width = query.shape[-1]
    return {
        "qkv_linear.weight": torch.cat([query, key, value]),
        "qkv_linear.bias": torch.zeros(3 * width, dtype=DOUBLE),
        "output_linear.weight": torch.eye(width, dtype=DOUBLE),
        "output_linear.bias": torch.zeros(width, dtype=DOUBLE),
    }


def step(trial: Trial, layer: Subject, x: torch.Tensor, *cache: Any) -> tuple[Any, Any]:
    """One call; the output is checked for its shape, the cache stays with the submission."""
    result = layer.candidate(x, *cache, keep=(1,))
    if not isinstance(result, tuple) or len(result) != 2:
        trial.fail("forward must return (output, cache).", "forward 应返回 (output, cache)。")
    output, kept = result
    shape = tuple(getattr(output, "shape", ()))
    if shape != tuple(x.shape):
        trial.fail(
            f"The output has shape {shape}, expected {tuple(x.shape)}: one row per new position.",
            f"输出形状为 {shape}，应为 {tuple(x.shape)}：每个新位置一行。",
        )
    return output, kept


def in_chunks(trial: Trial, layer: Subject, x: torch.Tensor, chunks: tuple[int, ...]) -> Any:
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


def example_single_token(trial: Trial) -> None:
    """A first call with one token. The cache it also returns is yours to design, and not shown.

    第一次调用，一个词元。同时返回的缓存由你设计，这里不显示。
    """
    eye = torch.eye(2, dtype=DOUBLE)
    layer = trial.layer(2, 1, weights=stacked(eye, eye, eye))
    layer.show(x=torch.tensor([[[1.0, 2.0]]], dtype=DOUBLE))


def check_parameters(trial: Trial) -> None:
    """The layer has qkv_linear (to 3 d_model) and output_linear with biases, and nothing else.

    该层只有 qkv_linear（输出 3 倍 d_model）和 output_linear，都带偏置，没有别的参数。
    """
    trial.layer(6, 2)


def check_indivisible_width(trial: Trial) -> None:
    """A d_model that num_heads does not divide raises ValueError.

    d_model 不能被 num_heads 整除时抛出 ValueError。
    """
    trial.raises(ValueError, trial.construct, 10, 3)
    trial.raises(ValueError, trial.construct, 4, 8)


def check_returns_output_and_cache(trial: Trial) -> None:
    """forward returns (output, cache), with and without a cache, one output row per new position.

    无论有无缓存，forward 都返回 (output, cache)，每个新位置对应一行输出。
    """
    layer = trial.layer(6, 2)
    _, cache = step(trial, layer, trial.randn(2, 3, 6))
    step(trial, layer, trial.randn(2, 1, 6), cache)
    step(trial, layer, trial.randn(2, 3, 6), None)


def check_whole_sequence(trial: Trial) -> None:
    """Without a cache the layer is causal self-attention with the scale 1/sqrt(head_dim).

    没有缓存时，该层就是缩放为 1/sqrt(head_dim) 的因果自注意力。
    """
    for batch, length, heads, width in trial.sizes((2, 5, 3, 4), (1, 7, 2, 6), (3, 1, 1, 5)):
        layer, x = trial.layer(heads * width, heads), trial.randn(batch, length, heads * width)
        for dtype in (torch.float64, torch.float32):
            given = x.to(dtype)
            expected = whole(layer, x).to(dtype)
            trial.equal(step(trial, layer, given)[0], expected)


def check_second_token(trial: Trial) -> None:
    """The second token sees the first, through the cache, and itself; nothing else changes roles.

    第二个词元通过缓存看到第一个，也看到自己；键与值各归其位，沿长度维拼接。
    """
    for heads, width in trial.sizes((1, 3), (2, 4)):
        layer, x = trial.layer(heads * width, heads), trial.randn(2, 2, heads * width)
        trial.equal(in_chunks(trial, layer, x, (1, 1)), whole(layer, x), tolerance=1e-2)


def check_cache_precision(trial: Trial) -> None:
    """The cache keeps keys and values in full precision.

    缓存以完整精度保存键和值。
    """
    layer, x = trial.layer(8, 2), trial.randn(2, 2, 8)
    trial.equal(in_chunks(trial, layer, x, (1, 1)), whole(layer, x))


def check_token_by_token(trial: Trial) -> None:
    """Decoding token by token after a prompt gives the uncached result: the cache keeps growing.

    在提示之后逐词元解码与不用缓存的结果相同：缓存不断增长。
    """
    for chunks in ((4, 1, 1, 1), (1,) * 6):
        layer, x = trial.layer(12, 3), trial.randn(2, sum(chunks), 12)
        trial.equal(in_chunks(trial, layer, x, chunks), whole(layer, x))


def check_chunk_sees_the_whole_past(trial: Trial) -> None:
    """Every query of a later chunk sees the whole cache.

    后续分块中的每个查询都能看到整个缓存。
    """
    # The first query of the chunk; what it must not see comes in another check.
    layer, x = trial.layer(6, 2), trial.randn(2, 7, 6)
    moved = x.clone()
    moved[:, 3] += 1
    before, after = (in_chunks(trial, layer, given, (4, 3))[:, 4:] for given in (x, moved))
    if not ((after - before).abs().amax(dim=(0, 2)) > 1e-9).all():
        trial.fail(
            "Changing the last cached token leaves some later output unchanged.",
            "改动缓存中的最后一个词元，后面有的输出没有变化。",
        )


def check_chunk_is_causal(trial: Trial) -> None:
    """Within a later chunk no query sees the positions after it.

    在后续分块内部，查询看不到它之后的位置。
    """
    layer, x = trial.layer(6, 2), trial.randn(2, 7, 6)
    moved = x.clone()
    moved[:, 5:] = trial.randn(2, 2, 6)
    before, after = (in_chunks(trial, layer, given, (4, 3))[:, :5] for given in (x, moved))
    trial.equal(after, before, ("output before the changed positions", "改动位置之前的输出"))


def check_any_split(trial: Trial) -> None:
    """Any split of a sequence into chunks gives the uncached result, in both dtypes.

    序列无论怎样分块，结果都与不用缓存时相同，两种 dtype 皆然。
    """
    for chunks in ((3, 4), (2, 1, 5), (1, 6, 2, 3), (5, 1, 1, 4)):
        layer, x = trial.layer(12, 3), trial.randn(2, sum(chunks), 12)
        expected = whole(layer, x)
        for dtype in (torch.float32, torch.float64):  # what float32 leaves shows in float64
            trial.equal(in_chunks(trial, layer, x.to(dtype), chunks), expected.to(dtype))


def check_long(trial: Trial) -> None:
    """The cache has no fixed size: hundreds of positions, in many chunks.

    缓存没有固定大小：几百个位置，分成许多块。
    """
    layer, x = trial.layer(2, 1), trial.randn(1, 300, 2)
    trial.equal(in_chunks(trial, layer, x, (230, *[1] * 20, 30, 20)), whole(layer, x))


def check_two_sequences(trial: Trial) -> None:
    """Two sequences can be decoded in turn: the state is in the cache, not in the layer.

    两个序列可以交替解码：状态保存在缓存里，而不是层里。
    """
    layer, (x, y) = trial.layer(6, 2), (trial.randn(2, 8, 6), trial.randn(2, 5, 6))
    _, first = step(trial, layer, x[:, :5])
    _, second = step(trial, layer, y[:, :2])
    trial.equal(step(trial, layer, x[:, 5:], first)[0], whole(layer, x)[:, 5:])
    trial.equal(step(trial, layer, y[:, 2:], second)[0], whole(layer, y)[:, 2:])
    # Another layer of the same weights can go on from the cache.
    _, third = step(trial, layer, x[:, :3])
    twin = trial.layer(6, 2, weights=layer.weights)
    trial.equal(step(trial, twin, x[:, 3:], third)[0], whole(layer, x)[:, 3:])
    # A new sequence without a cache starts afresh, even with another batch size.
    trial.equal(step(trial, layer, x[:1], None)[0], whole(layer, x[:1]))


def check_batch_items_apart(trial: Trial) -> None:
    """Every item of the batch has its own cache rows.

    批内每个样本有各自的缓存。
    """
    layer, x = trial.layer(8, 2), trial.randn(3, 6, 8)
    together = in_chunks(trial, layer, x, (3, 2, 1))
    for item in range(3):
        alone = in_chunks(trial, layer, x[item : item + 1], (3, 2, 1))
        trial.equal(
            together[item : item + 1], alone, (f"output of item {item}", f"第 {item} 个样本的输出")
        )


def check_large_logits(trial: Trial) -> None:
    """Scores of ten thousand, positive or negative, give finite and right outputs.

    分数达到正负一万时输出依然有限且正确。
    """
    heads, width = 2, 16  # 1/sqrt(16) is exact, so whole numbers are not rounded
    eye = torch.eye(heads * width, dtype=DOUBLE)
    for sign in (1, -1):
        layer = trial.layer(heads * width, heads, weights=stacked(eye, sign * eye, eye))
        x = trial.randint(52, 65, (2, 6, heads * width)).double()
        trial.equal(in_chunks(trial, layer, x, (3, 2, 1)), whole(layer, x), logits=1e4)
    x[:, 1::2] *= -1  # with the last layer the future has scores of plus ten thousand
    trial.equal(in_chunks(trial, layer, x, (3, 2, 1)), whole(layer, x), logits=1e4)


def check_same_in_evaluation(trial: Trial) -> None:
    """The layer gives the same after eval(): nothing here is for training alone.

    调用 eval() 之后结果不变：这里没有只在训练时才做的事。
    """
    layer, x = trial.layer(6, 2), trial.randn(2, 7, 6)
    layer.method("eval").candidate()
    trial.equal(in_chunks(trial, layer, x, (3, 1, 3)), whole(layer, x))
