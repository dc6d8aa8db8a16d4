"""The mended layer keeps the promises of the SelfAttention one writes from scratch."""

SAME_AS = "self-attention"
