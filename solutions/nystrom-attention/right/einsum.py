"""Einsum, landmarks by a reshape, the product grouped from the right."""

import torch


def nystrom_attention(query, key, value, num_landmarks):
    b, h, n, d = query.shape
    if n % num_landmarks:
        raise ValueError("length must be divisible by num_landmarks")
    q = query * d**-0.5
    q_l = q.reshape(b, h, num_landmarks, n // num_landmarks, d).mean(3)
    k_l = key.reshape(b, h, num_landmarks, n // num_landmarks, d).mean(3)
    f = torch.einsum("bhid,bhjd->bhij", q, k_l).softmax(-1)
    a = torch.einsum("bhid,bhjd->bhij", q_l, k_l).softmax(-1)
    g = torch.einsum("bhid,bhjd->bhij", q_l, key).softmax(-1)
    summary = torch.einsum("bhij,bhje->bhie", g, value)
    return torch.einsum("bhij,bhjk,bhke->bhie", f, torch.linalg.pinv(a), summary)
