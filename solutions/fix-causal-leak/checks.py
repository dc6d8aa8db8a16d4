"""The mended layer keeps the promises of the CausalSelfAttention one writes from scratch."""

SAME_AS = "causal-self-attention"
