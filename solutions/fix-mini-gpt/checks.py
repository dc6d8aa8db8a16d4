"""What the mended MiniGPT must do: each part by itself, then the whole model."""

from typing import Any

import torch

from grader.kit import Subject, Trial

ENTRY = "MiniGPT"
DOUBLE = torch.float64
VOCABULARY = 11


def model(
    trial: Trial,
    d_model: int = 6,
    heads: int = 1,
    layers: int = 1,
    max_length: int = 8,
    weights: dict[str, torch.Tensor] | None = None,
) -> Subject:
    return trial.layer(VOCABULARY, d_model, heads, layers, max_length, weights=weights)


def draw(trial: Trial, batch: int, length: int) -> torch.Tensor:
    return trial.randint(0, VOCABULARY, (batch, length))


def silent(*names: str, layers: int = 1, d_model: int = 6) -> dict[str, torch.Tensor]:
    """Weights that make these parts of every block (output_linear, ff2) return zeros."""
    inputs = {"output_linear": d_model, "ff2": 4 * d_model}
    weights = {}
    for name in names:
        for layer in range(layers):
            place = f"blocks.{layer}.{name}"
            weights[f"{place}.weight"] = torch.zeros(d_model, inputs[name], dtype=DOUBLE)
            weights[f"{place}.bias"] = torch.zeros(d_model, dtype=DOUBLE)
    return weights


def shaped(trial: Trial, subject: Subject, tokens: torch.Tensor) -> Any:
    """The submission's logits, once they have the shape (batch, length, vocab_size)."""
    got = subject.candidate(tokens)
    wanted = (*tokens.shape, VOCABULARY)
    if tuple(getattr(got, "shape", ())) != wanted:
        subject.compare(tokens, gradients=False, dtypes=(DOUBLE,))  # fails, and says how
        trial.fail("The shape of the logits changes.", "两次调用的 logits 形状不同。")
    return got


def compare(subject: Subject, tokens: torch.Tensor, logits: float = 1.0) -> None:
    subject.compare(tokens, gradients=False, dtypes=(DOUBLE,), logits=logits)


def compare_single(trial: Trial, subject: Subject, tokens: torch.Tensor) -> None:
    """In float32, which the weights decide: the tokens are integers."""
    output = subject.to(torch.float32).candidate(tokens)
    trial.equal(output, subject.reference(tokens).float(), "logits")
    subject.to(DOUBLE)


def example_silent_blocks(trial: Trial) -> None:
    """Blocks that add nothing: the logits are head(norm(token + position)), width two.

    各块什么都不加：logits 就是 head(norm(词元 + 位置))，宽度为 2。
    """
    table = torch.tensor([[4.0, 0.0], [0.0, 4.0], [2.0, 2.0]], dtype=DOUBLE)
    weights = silent("output_linear", "ff2", d_model=2) | {
        "token_embedding.weight": table,
        "position_embedding.weight": torch.tensor([[0.0, 0.0], [8.0, 0.0]], dtype=DOUBLE),
        "norm.weight": torch.ones(2, dtype=DOUBLE),
        "norm.bias": torch.zeros(2, dtype=DOUBLE),
        "head.weight": torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], dtype=DOUBLE),
    }
    subject = trial.layer(3, 2, 1, 1, 2, weights=weights)
    subject.to(torch.float32).show(tokens=torch.tensor([[1, 1]]))


def check_parameters(trial: Trial) -> None:
    """The parameters keep the names and shapes of the given code, for any number of layers.

    参数的名称与形状和给出的代码一致，层数任意。
    """
    for layers in (1, 3):
        model(trial, heads=2, layers=layers)


def check_indivisible_width(trial: Trial) -> None:
    """A d_model that num_heads does not divide raises ValueError.

    d_model 不能被 num_heads 整除时抛出 ValueError。
    """
    trial.raises(ValueError, trial.construct, VOCABULARY, 10, 3, 1, 8)
    trial.raises(ValueError, trial.construct, VOCABULARY, 4, 8, 2, 8)


def check_batch_of_sequences(trial: Trial) -> None:
    """Any batch of any length up to max_length gives (batch, length, vocab_size).

    任意批大小、不超过 max_length 的任意长度，都得到 (batch, length, vocab_size)。
    """
    subject = model(trial, heads=2, layers=2)
    for batch, length in trial.sizes((1, 5), (1, 1), (3, 5), (2, 1), (4, 3)):
        shaped(trial, subject, draw(trial, batch, length))


def check_deterministic(trial: Trial) -> None:
    """The same tokens give the same logits every time: there is no dropout.

    同样的词元每次都得到同样的 logits：没有 dropout。
    """
    subject, tokens = model(trial, d_model=24), draw(trial, 1, 8)
    first, second = (shaped(trial, subject, tokens) for _ in range(2))
    trial.equal(second, first, ("logits of a second call", "第二次调用的 logits"))


def check_layers_have_own_weights(trial: Trial) -> None:
    """Every block has weights of its own: those of the first block matter when there are three.

    每个块有自己的参数：共有三个块时，第一个块的参数也要起作用。
    """
    subject, tokens = model(trial, layers=3), draw(trial, 1, 4)
    before = shaped(trial, subject, tokens)
    changed = (subject.weights or {}) | {"blocks.0.ff2.bias": trial.randn(6)}
    after = shaped(trial, model(trial, layers=3, weights=changed), tokens)
    if not (after - before).abs().max().item() > 1e-6:
        trial.fail(
            "Other weights in the first of three blocks change nothing.",
            "改动三个块中第一个块的参数，输出没有变化。",
        )


def check_residual_path(trial: Trial) -> None:
    """Blocks whose halves return zeros pass their input on: logits are head(norm(embedding)).

    两个子层都输出零的块原样传递输入：logits 就是 head(norm(嵌入))。
    """
    weights = silent("output_linear", "ff2", layers=2)
    weights["position_embedding.weight"] = torch.zeros(8, 6, dtype=DOUBLE)
    subject = model(trial, layers=2, weights=weights)
    compare(subject, draw(trial, 1, 5))


def check_positions(trial: Trial) -> None:
    """Token t of every sequence gets position t, from 0 to max_length − 1.

    每个序列的第 t 个词元都用第 t 个位置，从 0 到 max_length − 1。
    """
    subject = model(trial, weights=silent("output_linear", "ff2"))
    for batch, length in trial.sizes((1, 8), (3, 5), (5, 5)):
        compare(subject, draw(trial, batch, length))
    compare(model(trial, max_length=100), draw(trial, 1, 100))


def check_feed_forward_half(trial: Trial) -> None:
    """With silent attention a block is x + ff2(GELU(ff1(norm2(x)))), with the exact GELU.

    注意力输出为零时，块等于 x + ff2(GELU(ff1(norm2(x))))，GELU 为精确形式。
    """
    subject = model(trial, weights=silent("output_linear"))
    compare(subject, draw(trial, 2, 5))


def check_causal(trial: Trial) -> None:
    """No position sees the tokens after it: changing them leaves its logits as they were.

    任何位置都看不到后面的词元：改动它们，前面的 logits 不变。
    """
    subject = model(trial, layers=2)
    tokens = draw(trial, 1, 6)
    before = shaped(trial, subject, tokens)
    for cut in range(1, 6):
        moved = tokens.clone()
        moved[:, cut:] = (moved[:, cut:] + 1) % VOCABULARY
        trial.equal(
            shaped(trial, subject, moved)[:, :cut],
            before[:, :cut],
            ("earlier logits", "之前的 logits"),
        )


def check_attention_half(trial: Trial) -> None:
    """With one head a block adds causal attention of norm1(x), scaled by 1/sqrt(head_dim).

    只有一个头时，块加上的是对 norm1(x) 的因果注意力，缩放为 1/sqrt(head_dim)。
    """
    for length in (1, 5):
        subject = model(trial, weights=silent("ff2"))
        compare(subject, draw(trial, 2, length))


def check_heads_merged(trial: Trial) -> None:
    """Heads are split and merged so that every feature stays at its own position.

    拆分与合并各头之后，每个特征仍在自己的位置上。
    """
    # Queries of zero: equal weights over the past, whatever the scale.
    rows = torch.cat([torch.zeros(6, 6, dtype=DOUBLE), trial.randn(12, 6)])
    bias = torch.cat([torch.zeros(6, dtype=DOUBLE), trial.randn(12)])
    equal = {"blocks.0.qkv_linear.weight": rows, "blocks.0.qkv_linear.bias": bias}
    subject = model(trial, heads=3, weights=silent("ff2") | equal)
    compare(subject, draw(trial, 2, 5))


def check_scale_of_one_head(trial: Trial) -> None:
    """The scale comes from the width of one head, not from the width of the model.

    缩放取决于单个头的宽度，而不是整个模型的宽度。
    """
    for heads in (2, 3):
        subject = model(trial, heads=heads, weights=silent("ff2"))
        compare(subject, draw(trial, 2, 5))


def check_second_half_reads_the_first(trial: Trial) -> None:
    """The feed-forward half reads the sum after attention, and blocks follow one another.

    前馈读取的是注意力之后的和；各块依次进行。
    """
    for layers in (1, 3):
        compare(model(trial, layers=layers), draw(trial, 2, 5))


def check_values(trial: Trial) -> None:
    """The logits agree with the definition at all sizes, in float64 and float32.

    在各种尺寸下，float64 与 float32 的 logits 都与定义一致。
    """
    for batch, length, heads, width, layers in trial.sizes((2, 7, 3, 4, 2), (3, 4, 5, 1, 3)):
        subject = model(trial, heads * width, heads, layers)
        for longer in (0, 1, -1):  # one model, several lengths, the shortest last
            tokens = draw(trial, batch, length + longer)
            compare(subject, tokens)
        compare_single(trial, subject, tokens)


def check_batch_items_apart(trial: Trial) -> None:
    """Sequences of a batch do not see each other.

    批内各序列互不可见。
    """
    subject, tokens = model(trial, heads=2, layers=2), draw(trial, 3, 5)
    together = shaped(trial, subject, tokens)
    for item in range(3):
        alone = shaped(trial, subject, tokens[item : item + 1])
        trial.equal(
            together[item : item + 1],
            alone,
            (f"logits of item {item}", f"第 {item} 个样本的 logits"),
        )


def check_gradients(trial: Trial) -> None:
    """The gradients of every parameter are those of the definition.

    每个参数的梯度都与定义一致。
    """
    for heads, layers, length in trial.sizes((2, 2, 5), (3, 1, 1)):
        subject = model(trial, heads=heads, layers=layers)
        subject.compare(draw(trial, 2, length), dtypes=(DOUBLE,))


def check_large_logits(trial: Trial) -> None:
    """Scores of ten thousand give finite, right logits.

    分数达到一万时 logits 有限且正确。
    """
    weights = {"blocks.0.qkv_linear.weight": trial.randn(18, 6, scale=60.0)}
    subject, tokens = model(trial, heads=2, weights=weights), draw(trial, 2, 5)
    subject.compare(tokens, dtypes=(DOUBLE,), logits=1e5)
    if not subject.to(torch.float32).candidate(tokens).isfinite().all():
        trial.fail("The logits are not finite in float32.", "float32 下 logits 不是有限值。")


def check_large_negative_logits(trial: Trial) -> None:
    """The future stays hidden even when every score of the past lies far below minus ten thousand.

    即使过去的分数都远低于负一万，未来仍然不可见。
    """
    # Constant queries and keys of opposite signs: with heads of width 4 every score is
    # −300 · 300 · 4 / 2 = −180 000.
    bias = torch.cat([torch.full((8,), 300.0 * sign, dtype=DOUBLE) for sign in (1, -1, 0)])
    rows = torch.cat([torch.zeros(16, 8, dtype=DOUBLE), trial.randn(8, 8)])
    weights = {"blocks.0.qkv_linear.weight": rows, "blocks.0.qkv_linear.bias": bias}
    subject, tokens = model(trial, 8, 2, weights=weights), draw(trial, 2, 6)
    compare(subject, tokens, logits=1e6)
    if not subject.to(torch.float32).candidate(tokens).isfinite().all():
        trial.fail("The logits are not finite in float32.", "float32 下 logits 不是有限值。")
