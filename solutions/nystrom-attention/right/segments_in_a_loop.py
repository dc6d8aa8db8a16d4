"""Landmarks from a loop over chunks; the pseudo-inverse from a singular value decomposition."""

import math

import torch


def softmax(scores):
    e = torch.exp(scores - scores.max(dim=-1, keepdim=True)[0])
    return e / e.sum(dim=-1, keepdim=True)


def pseudo_inverse(a):
    u, s, vh = torch.linalg.svd(a, full_matrices=False)
    small = s <= s[..., :1] * a.shape[-1] * torch.finfo(a.dtype).eps
    inverse = torch.where(small, torch.zeros_like(s), 1 / torch.where(small, 1.0, s))
    return vh.mT @ (inverse.unsqueeze(-1) * u.mT)


def nystrom_attention(query, key, value, num_landmarks):
    length = query.size(-2)
    if num_landmarks > length or length % num_landmarks != 0:
        raise ValueError((length, num_landmarks))
    marks = [
        torch.stack([part.mean(-2) for part in x.chunk(num_landmarks, dim=-2)], dim=-2)
        for x in (query, key)
    ]
    scale = math.sqrt(query.size(-1))
    left = softmax(torch.matmul(query, marks[1].transpose(2, 3)) / scale)
    middle = softmax(torch.matmul(marks[0], marks[1].transpose(2, 3)) / scale)
    right = softmax(torch.matmul(marks[0], key.transpose(2, 3)) / scale)
    return left.matmul(pseudo_inverse(middle)).matmul(right).matmul(value)
