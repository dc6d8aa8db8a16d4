"""tanh(x) = 2 sigmoid(2x) - 1; the constant falls out of the softmax."""

import math

import torch
import torch.nn.functional as F


def soft_capped_attention(query, key, value, cap):
    scores = torch.matmul(query, key.transpose(2, 3)) / math.sqrt(query.size(3))
    capped = 2 * cap * torch.sigmoid(2 * scores / cap)
    return torch.matmul(F.softmax(capped, dim=3), value)
