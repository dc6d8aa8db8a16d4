"""Multiplicative attention. Luong, Pham and Manning, Effective Approaches to Attention, 2015.

Section 3.1, three ways to score a decoder state h_t against an encoder state h_s:
    dot      h_t^T h_s              no parameters, needs equal widths
    general  h_t^T W h_s            a learned bilinear form; what Q and K projections make today,
                                    since (W_q h_t)^T (W_k h_s) = h_t^T (W_q^T W_k) h_s
    concat   v^T tanh(W [h_t; h_s]) additive attention with one weight for both sides
None is scaled by 1/sqrt(d): that came with the Transformer.
Time O(Lq Lk d) and memory O(Lq Lk); concat needs O(Lq Lk hidden) for both.
"""

from jaxtyping import Bool, Float
from torch import Tensor

from attention.scaled_dot_product import masked_softmax
from attention.stages import stage

VARIANT = {
    "title": {"en": "Multiplicative attention (Luong)", "zh": "乘性注意力（Luong）"},
    "family": "core",
    "year": 2015,
    "paper": "Luong et al., Effective Approaches to Attention-based Neural Machine Translation",
    "url": "https://arxiv.org/abs/1508.04025",
    "parameters": {"score": {"default": "general", "choices": ["dot", "general", "concat"]}},
}


def multiplicative(
    query: Float[Tensor, "*batch queries dim"],
    key: Float[Tensor, "*batch keys dim"],
    value: Float[Tensor, "*batch keys value_dim"],
    general_weight: Float[Tensor, "dim dim"],
    concat_weight: Float[Tensor, "latent 2*dim"],
    score_weight: Float[Tensor, " latent"],
    score: str = "general",
    mask: Bool[Tensor, "*#batch #queries #keys"] | None = None,
) -> tuple[Float[Tensor, "*batch queries value_dim"], Float[Tensor, "*batch queries keys"]]:
    """Output and weights; only the weights that `score` needs are used."""
    if score == "dot":
        scores = query @ key.transpose(-2, -1)
    elif score == "general":
        scores = query @ general_weight @ key.transpose(-2, -1)
    elif score == "concat":
        # W [a; b] = W_left a + W_right b: the pairs need not be concatenated.
        left, right = concat_weight.chunk(2, dim=-1)
        hidden = (query @ left.T)[..., :, None, :] + (key @ right.T)[..., None, :, :]
        scores = hidden.tanh() @ score_weight
    else:
        raise ValueError(f"score must be dot, general or concat, got {score!r}")
    weights = masked_softmax(stage("scores", scores), mask)
    return stage("output", weights @ value), weights
