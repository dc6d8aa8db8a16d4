"""What a next-token loss must do: which target, which padding, which mean."""

from typing import Any

import torch

from grader.kit import Trial

ENTRY = "next_token_loss"
DOUBLE = torch.float64
VOCABULARY = 7


def draw(trial: Trial, lengths: list[int], length: int) -> list[torch.Tensor]:
    """Logits, tokens (padding holds ids of the vocabulary, too) and lengths."""
    batch = len(lengths)
    return [
        trial.randn(batch, length, VOCABULARY, scale=2.0),
        trial.randint(0, VOCABULARY, (batch, length)),
        torch.tensor(lengths),
    ]


def scalar(trial: Trial, inputs: list[torch.Tensor]) -> Any:
    """The submission's loss, once it is a tensor without dimensions."""
    loss = trial.function().candidate(*inputs)
    if getattr(loss, "shape", None) != ():
        trial.function().compare(*inputs, gradients=False)  # fails, and says how
    return loss


def example_two_targets(trial: Trial) -> None:
    """Three tokens, two ids: two targets; the logits of the last position are not used.

    三个词元、两种 id：有两个目标；最后一个位置的 logits 用不到。
    """
    logits = torch.tensor([[[0.0, 0.0], [2.0, 0.0], [9.0, 0.0]]], dtype=DOUBLE)
    tokens = torch.tensor([[1, 1, 0]])
    trial.function().show(logits=logits, tokens=tokens, lengths=torch.tensor([3]))


def example_padding(trial: Trial) -> None:
    """The same with a third token of padding, whose id is −1: one target is left.

    同上，但第三个词元是填充，id 为 −1：只剩一个目标。
    """
    logits = torch.tensor([[[0.0, 0.0], [2.0, 0.0], [9.0, 0.0]]], dtype=DOUBLE)
    tokens = torch.tensor([[1, 1, -1]])
    trial.function().show(logits=logits, tokens=tokens, lengths=torch.tensor([2]))


def check_scalar(trial: Trial) -> None:
    """The loss is one tensor without dimensions, in the dtype of the logits.

    损失是一个零维张量，dtype 与 logits 相同。
    """
    for length in (2, 5):
        # Equal logits: any single token costs ln V.
        _, tokens, lengths = draw(trial, [length] * 3, length)
        for dtype in (torch.float64, torch.float32):
            logits = torch.zeros(3, length, VOCABULARY, dtype=dtype)
            loss = scalar(trial, [logits, tokens, lengths])
            if loss.dtype != dtype:
                trial.function().compare(logits, tokens, lengths, gradients=False, dtypes=(dtype,))


def check_last_position(trial: Trial) -> None:
    """The last position predicts nothing that is known: its logits do not matter.

    最后一个位置之后没有已知的词元：它的 logits 不起作用。
    """
    logits, tokens, lengths = draw(trial, [5, 5], 5)
    before = scalar(trial, [logits, tokens, lengths])
    moved = logits.clone()
    moved[:, -1] = trial.randn(2, VOCABULARY)
    trial.equal(scalar(trial, [moved, tokens, lengths]), before, "loss")


def check_next_token(trial: Trial) -> None:
    """Position t is judged on token t + 1: with two tokens, logits 0 on token 1.

    第 t 个位置对应的目标是第 t + 1 个词元：只有两个词元时，第 0 个 logits 对第 1 个词元。
    """
    logits, tokens, lengths = draw(trial, [2], 2)
    tokens[:, 0] = tokens[:, 0].clamp(1, 4)
    tokens[:, 1] = tokens[:, 0] + 2  # not the same id, and not 0
    trial.function().compare(logits, tokens, lengths, gradients=False)


def check_whole_sequences(trial: Trial) -> None:
    """Without padding the loss is the mean of −log softmax over all targets, each at its place.

    没有填充时，损失是所有目标的 −log softmax 的平均值，位置一一对应。
    """
    for batch, length in trial.sizes((1, 6), (3, 4), (2, 2)):
        logits, tokens, lengths = draw(trial, [length] * batch, length)
        trial.function().compare(logits, tokens.clamp(min=1), lengths, gradients=False)


def check_padding_is_no_target(trial: Trial) -> None:
    """Padding is no target: other ids after a length leave the loss as it was.

    填充不是目标：改动长度之后的 id，损失不变。
    """
    logits, tokens, lengths = draw(trial, [3, 5, 1], 6)
    before = scalar(trial, [logits, tokens, lengths])
    for row, length in enumerate((3, 5, 1)):
        tokens[row, length:] = (tokens[row, length:] + 1) % VOCABULARY
    trial.equal(scalar(trial, [logits, tokens, lengths]), before, "loss")


def check_mean_over_real_targets(trial: Trial) -> None:
    """The mean is over real targets: more padding after a sequence leaves the loss as it was.

    只对真实目标求平均：在序列后面多加填充，损失不变。
    """
    logits, tokens, lengths = draw(trial, [4], 4)
    before = scalar(trial, [logits, tokens, lengths])
    longer = torch.cat([logits, trial.randn(1, 3, VOCABULARY)], dim=1)
    padded = torch.cat([tokens, trial.randint(0, VOCABULARY, (1, 3))], dim=1)
    trial.equal(scalar(trial, [longer, padded, lengths]), before, "loss")


def check_last_real_token(trial: Trial) -> None:
    """The last real token of a sequence is a target like the others.

    序列的最后一个真实词元和其他词元一样是目标。
    """
    trial.function().compare(*draw(trial, [2], 4), gradients=False)
    trial.function().compare(*draw(trial, [4, 4], 6), gradients=False)


def check_every_id_counts(trial: Trial) -> None:
    """No id of the vocabulary is special: a real token of id 0, or any other, counts.

    词表中没有特殊的 id：真实词元无论 id 是 0 还是其他，都要计入。
    """
    for special in range(VOCABULARY):
        logits, tokens, lengths = draw(trial, [4, 4], 4)
        tokens[:, 1:] = special
        tokens[0, 2] = (special + 1) % VOCABULARY
        trial.function().compare(logits, tokens, lengths, gradients=False)


def check_one_mean_over_the_batch(trial: Trial) -> None:
    """Every target of the batch weighs the same, whatever the length of its sequence.

    批内每个目标权重相同，与所在序列的长度无关。
    """
    for lengths in ([2, 6], [5, 3, 4]):
        trial.function().compare(*draw(trial, lengths, 6), gradients=False)


def check_padding_of_minus_one(trial: Trial) -> None:
    """Tokens past a length may hold anything, −1 and −100 or ids beyond the vocabulary.

    长度之后的词元可以是任何值：−1、−100 或超出词表的 id。
    """
    logits, tokens, lengths = draw(trial, [3, 5, 1], 6)
    for filler in (-1, -100, VOCABULARY, 50_000):
        for row, length in enumerate((3, 5, 1)):
            tokens[row, length:] = filler
        trial.function().compare(logits, tokens, lengths, gradients=False)
    for row, length in enumerate((3, 5, 1)):  # some within the vocabulary, some not
        tokens[row, length:] = trial.randint(-VOCABULARY, 2 * VOCABULARY, (6 - length,))
    trial.function().compare(logits, tokens, lengths, gradients=False)


def check_short_sequences(trial: Trial) -> None:
    """Sequences of no or one token have no target, and the others keep their weight.

    长度为 0 或 1 的序列没有目标，其他序列的权重不变。
    """
    for lengths in ([0, 5, 1], [1, 1, 2]):
        trial.function().compare(*draw(trial, lengths, 5), gradients=False)


def check_no_target_at_all(trial: Trial) -> None:
    """A batch without any target costs zero and passes a gradient of zero, never NaN.

    整批都没有目标时，损失为零，梯度也为零，绝不是 NaN。
    """
    for lengths, length in (([1, 0], 4), ([0], 1), ([1, 1], 1)):
        trial.function().compare(*draw(trial, lengths, length))


def check_gradients(trial: Trial) -> None:
    """The gradient of the logits is right: zero at padding and at last positions.

    logits 的梯度正确：在填充处和每个序列的最后位置为零。
    """
    for lengths in ([6, 6], [2, 5, 0, 4]):
        trial.function().compare(*draw(trial, lengths, 6), dtypes=(torch.float64,))


def check_large_logits(trial: Trial) -> None:
    """Logits of ten thousand, positive or negative, give a finite, right loss.

    logits 达到正负一万时，损失有限且正确。
    """
    _, tokens, lengths = draw(trial, [5, 3], 5)
    logits = trial.randint(-10_000, 10_001, (2, 5, VOCABULARY)).double()
    trial.function().compare(logits, tokens, lengths)
    trial.function().compare(logits - 20_000, tokens, lengths)
