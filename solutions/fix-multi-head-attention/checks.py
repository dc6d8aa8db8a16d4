"""The mended layer keeps the promises of the MultiHeadAttention one writes from scratch."""

SAME_AS = "multi-head-attention"
