"""There are no windows: every patch attends to the whole image.

没有划分窗口，每个图像块都注意整幅图像。
"""

import math

import torch


def window_attention(query, key, value, height, width, window, shift=0):
    scores = query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])
    return torch.softmax(scores, dim=-1) @ value
