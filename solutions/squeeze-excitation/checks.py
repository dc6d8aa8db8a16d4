"""What squeeze-and-excitation must do: parameters, then squeeze, layers and product by parts."""

import torch

from grader.kit import Trial

ENTRY = "SqueezeExcitation"
DOUBLE = torch.float64


def constant(channels: int, hidden: int, logit: float) -> dict[str, torch.Tensor]:
    """Weights under which every channel's logit is `logit`, whatever the image."""
    return {
        "squeeze_linear.weight": torch.zeros(hidden, channels, dtype=DOUBLE),
        "squeeze_linear.bias": torch.zeros(hidden, dtype=DOUBLE),
        "excite_linear.weight": torch.zeros(channels, hidden, dtype=DOUBLE),
        "excite_linear.bias": torch.full((channels,), logit, dtype=DOUBLE),
    }


def passing(channels: int) -> dict[str, torch.Tensor]:
    """Weights (reduction 1) under which a channel's logit is its own mean, if that is positive."""
    eye, zero = torch.eye(channels, dtype=DOUBLE), torch.zeros(channels, dtype=DOUBLE)
    return {
        "squeeze_linear.weight": eye,
        "squeeze_linear.bias": zero,
        "excite_linear.weight": eye,
        "excite_linear.bias": zero,
    }


def image(trial: Trial, *shape: int) -> torch.Tensor:
    """(B, C, H, W) with channels of different means."""
    return trial.randn(*shape) + trial.randn(*shape[:2], 1, 1)


def example_two_channels(trial: Trial) -> None:
    """Channel means 2 and −2, identity layers: weights σ(2) ≈ 0.88 and σ(0) = 0.5.

    两个通道的均值为 2 和 −2，线性层为恒等映射：权重为 σ(2) ≈ 0.88 和 σ(0) = 0.5。
    """
    x = torch.tensor([[[[1.0, 3.0]], [[-1.0, -3.0]]]], dtype=DOUBLE)
    trial.layer(2, 1, weights=passing(2)).show(x=x)


def check_parameters(trial: Trial) -> None:
    """The layer has squeeze_linear and excite_linear with biases, and nothing else.

    该层只有 squeeze_linear 和 excite_linear，都带偏置。
    """
    trial.layer(12, 3)


def check_reduction_rounds_down(trial: Trial) -> None:
    """The hidden width is channels // reduction, also where it does not divide.

    隐藏宽度为 channels // reduction，不能整除时向下取整。
    """
    for channels, reduction in ((7, 2), (11, 4)):
        trial.layer(channels, reduction)


def check_shape(trial: Trial) -> None:
    """The output has the shape of the input, for one image as for several.

    输出与输入形状相同，一张图像和多张图像都是如此。
    """
    layer = trial.layer(6, 2)
    for shape in ((3, 6, 4, 5), (1, 6, 2, 3), (1, 6, 1, 1)):
        x = image(trial, *shape)
        if getattr(layer.candidate(x), "shape", None) != x.shape:
            layer.compare(x, gradients=False)  # fails, and says how the shapes differ


def check_weights_in_zero_one(trial: Trial) -> None:
    """The weights come from a sigmoid: a logit of 0 halves the image, −60 removes it.

    权重来自 sigmoid：logit 为 0 时图像减半，为 −60 时归零。
    """
    for logit in (0.0, -60.0, 1.5):
        layer = trial.layer(6, 2, weights=constant(6, 3, logit))
        layer.compare(image(trial, 2, 6, 3, 4), gradients=False)


def check_images_apart(trial: Trial) -> None:
    """An image gives the same result every time, and alone as in a batch.

    同一张图像每次结果相同，单独输入与放在一批里也相同。
    """
    layer = trial.layer(12, 2)
    x = image(trial, 3, 12, 4, 2)
    first = layer.candidate(x)
    trial.equal(layer.candidate(x), first, ("second call", "第二次调用"))
    layer.batch_independent(x)


def check_squeezed_by_the_mean(trial: Trial) -> None:
    """Every channel of every image is squeezed to its mean over height and width.

    每张图像的每个通道都压缩为它在高和宽上的均值。
    """
    layer = trial.layer(4, 1, weights=passing(4))
    for shape in ((2, 4, 3, 5), (3, 4, 5, 2)):
        # Positive means, so that the ReLU does not matter.
        layer.compare(0.3 * trial.randn(*shape) + 1 + trial.rand(*shape[:2], 1, 1), gradients=False)


def check_relu_between_the_layers(trial: Trial) -> None:
    """A ReLU stands between the layers: a hidden value below zero counts as zero.

    两层之间是 ReLU：隐藏值小于零时按零计。
    """
    layer = trial.layer(4, 1, weights=passing(4))
    layer.compare(0.5 * trial.randn(2, 4, 3, 5) - 0.6, gradients=False)


def check_values(trial: Trial) -> None:
    """The output agrees with the definition at all sizes, in float64 and float32.

    在各种尺寸下，float64 与 float32 的输出都与定义一致。
    """
    for shape, reduction in (((2, 12, 3, 5), 4), ((3, 7, 4, 2), 2), ((1, 5, 1, 1), 1)):
        layer = trial.layer(shape[1], reduction)
        layer.compare(image(trial, *shape), gradients=False)
    for channels in (1, 5):  # a single channel; a single hidden unit
        layer = trial.layer(channels, channels)
        layer.compare(image(trial, 2, channels, 3, 4), gradients=False, dtypes=(DOUBLE,))


def check_gradients(trial: Trial) -> None:
    """The gradients of the image and of every parameter are right, through both of its paths.

    图像和每个参数的梯度都正确，图像的两条路径都计入。
    """
    for shape, reduction in (((2, 8, 3, 4), 2), ((3, 5, 2, 1), 2)):
        trial.layer(shape[1], reduction).compare(image(trial, *shape), dtypes=(DOUBLE,))


def check_large_values(trial: Trial) -> None:
    """Images of ten thousand give finite, right results.

    数值达到一万的图像结果有限且正确。
    """
    layer = trial.layer(6, 2)
    layer.compare(1e4 * image(trial, 2, 6, 3, 4), logits=1e4)
