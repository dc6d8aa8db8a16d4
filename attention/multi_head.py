"""Multi-head attention. Vaswani et al., Attention Is All You Need, 2017.

Section 3.2.2:  head_i = Attention(Q W_i^Q, K W_i^K, V W_i^V),
                MultiHead(Q, K, V) = Concat(head_1, ..., head_h) W^O.
One softmax can put its weight in one place only; several heads, each in its own subspace of width
d_model / num_heads, look at several places at the cost of one full-width head. Self-attention is
the case query = key = value. Biases of the projections are left out here.
Time O(L d_model^2 + L^2 d_model), memory O(num_heads L^2) for the weights.
"""

from jaxtyping import Bool, Float
from torch import Tensor

from attention.scaled_dot_product import scaled_dot_product
from attention.stages import stage

VARIANT = {
    "title": {"en": "Multi-head attention", "zh": "多头注意力"},
    "family": "heads",
    "year": 2017,
    "paper": "Vaswani et al., Attention Is All You Need",
    "url": "https://arxiv.org/abs/1706.03762",
    "parameters": {"num_heads": {"default": 4, "min": 1, "max": 32, "step": 1}},
}


def multi_head(
    query: Float[Tensor, "batch queries model"],
    key: Float[Tensor, "batch keys model"],
    value: Float[Tensor, "batch keys model"],
    query_weight: Float[Tensor, "model model"],
    key_weight: Float[Tensor, "model model"],
    value_weight: Float[Tensor, "model model"],
    output_weight: Float[Tensor, "model model"],
    num_heads: int,
    mask: Bool[Tensor, "#batch #heads #queries #keys"] | None = None,
) -> tuple[Float[Tensor, "batch queries model"], Float[Tensor, "batch {num_heads} queries keys"]]:
    """Output and the weights of every head; weight matrices are (out, in), as in nn.Linear."""
    q = stage("query", split_heads(query @ query_weight.T, num_heads))
    k = stage("key", split_heads(key @ key_weight.T, num_heads))
    v = stage("value", split_heads(value @ value_weight.T, num_heads))
    heads, weights = scaled_dot_product(q, k, v, mask)
    return stage("projected", merge_heads(heads) @ output_weight.T), weights


def split_heads(
    x: Float[Tensor, "batch length width"], num_heads: int
) -> Float[Tensor, "batch {num_heads} length head_dim"]:
    """Cut the features into heads: head i holds features i * head_dim to (i + 1) * head_dim."""
    batch, length, width = x.shape
    if num_heads < 1 or width % num_heads:
        raise ValueError(f"{width} features cannot be split into {num_heads} heads")
    return x.reshape(batch, length, num_heads, width // num_heads).transpose(1, 2)


def merge_heads(
    x: Float[Tensor, "batch heads length head_dim"],
) -> Float[Tensor, "batch length heads*head_dim"]:
    """Lay the heads side by side again: transposing back comes before flattening."""
    return x.transpose(1, 2).flatten(2)
