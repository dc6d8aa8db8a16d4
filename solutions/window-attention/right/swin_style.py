"""As in Swin's own code: partition, a label image, windows in the batch dimension, reverse."""

import math

import torch


def partition(x, m):
    b, h, w, c = x.shape
    x = x.view(b, h // m, m, w // m, m, c)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(-1, m * m, c)


def reverse(windows, m, h, w):
    b = windows.shape[0] // (h * w // m // m)
    x = windows.view(b, h // m, w // m, m, m, -1)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(b, h, w, -1)


def window_attention(query, key, value, height, width, window, shift=0):
    b, heads, n, _ = query.shape

    def windows(x):
        image = x.reshape(b * heads, height, width, -1)
        return partition(torch.roll(image, (-shift, -shift), (1, 2)), window)

    q, k, v = windows(query), windows(key), windows(value)
    scores = torch.baddbmm(
        torch.zeros(1, 1, 1, dtype=q.dtype),
        q,
        k.transpose(1, 2),
        beta=0,
        alpha=1 / math.sqrt(q.size(2)),
    )
    if shift:
        image, count = torch.zeros(1, height, width, 1), 0
        for rows in (slice(0, -window), slice(-window, -shift), slice(-shift, None)):
            for columns in (slice(0, -window), slice(-window, -shift), slice(-shift, None)):
                image[:, rows, columns] = count
                count += 1
        label = partition(image, window).squeeze(-1)
        mask = (label[:, None, :] != label[:, :, None]).repeat(b * heads, 1, 1)
        scores = scores.masked_fill(mask, -math.inf)
    out = reverse(scores.softmax(-1) @ v, window, height, width)
    return torch.roll(out, (shift, shift), (1, 2)).reshape(b, heads, n, -1)
