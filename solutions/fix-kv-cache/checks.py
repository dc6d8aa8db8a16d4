"""The mended layer keeps the promises of the CachedSelfAttention one writes from scratch."""

SAME_AS = "kv-cache"
