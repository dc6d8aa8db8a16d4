"""Item by item, layer by layer, on a copy whose diagonal is raised."""

import torch


def attention_rollout(weights):
    layers, batch, heads, length, _ = weights.shape
    results = []
    for b in range(batch):
        total = torch.eye(length, dtype=weights.dtype)
        for layer in range(layers):
            mean = sum(weights[layer, b, h] for h in range(heads)) / heads
            mean = mean * 0.5
            mean.diagonal().add_(0.5)
            rows = [row / row.sum() for row in mean]
            total = torch.mm(torch.stack(rows), total)
        results.append(total)
    return torch.stack(results)
