from pathlib import Path

import pytest

SOLUTIONS = Path(__file__).resolve().parents[2] / "solutions"
SLUG = "multi-head-attention"


@pytest.fixture(scope="session")
def right() -> str:
    return (SOLUTIONS / SLUG / "solution.py").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def wrong() -> str:
    """A wrong answer that loads and runs: what a cheat would have to get accepted."""
    return """
import torch
from torch import nn


class MultiHeadAttention(nn.Module):
    def __init__(self, d_model, num_heads):
        super().__init__()
        if d_model % num_heads:
            raise ValueError("d_model must be divisible by num_heads")
        for name in ("query", "key", "value", "output"):
            setattr(self, f"{name}_linear", nn.Linear(d_model, d_model))

    def forward(self, query, key, value, mask=None):
        return self.output_linear(self.query_linear(query))
"""
