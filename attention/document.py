"""Document mask for packed sequences, with the causal mask. Krell et al., Sequence Packing, 2021.

Several short documents are laid end to end into one sequence, so no slot is padding; the mask
keeps them apart: a token attends to earlier tokens of its own document. Without it, a document
reads the unrelated ones before it. Positions should restart at each document as well.
Time O(L^2 d) and memory O(L^2) as written; a kernel that skips the empty blocks needs time
proportional to the sum of the squared document lengths.
"""

from jaxtyping import Bool, Float, Int
from torch import Tensor

from attention.causal import causal_mask
from attention.scaled_dot_product import scaled_dot_product

VARIANT = {
    "title": {"en": "Document mask (packed sequences)", "zh": "文档掩码（序列打包）"},
    "family": "masks",
    "year": 2021,
    "paper": "Krell et al., Efficient Sequence Packing without Cross-contamination",
    "url": "https://arxiv.org/abs/2107.02027",
    "inputs": {"document_ids": "documents"},
}


def document(
    query: Float[Tensor, "*batch length dim"],
    key: Float[Tensor, "*batch length dim"],
    value: Float[Tensor, "*batch length value_dim"],
    document_ids: Int[Tensor, " length"],
) -> tuple[Float[Tensor, "*batch length value_dim"], Float[Tensor, "*batch length length"]]:
    """Output and weights; equal `document_ids` are one document."""
    return scaled_dot_product(query, key, value, document_mask(document_ids))


def document_mask(document_ids: Int[Tensor, " length"]) -> Bool[Tensor, "length length"]:
    """True where the key is of the query's document and not after it: blocks on the diagonal."""
    same = document_ids[:, None] == document_ids[None, :]
    return same & causal_mask(len(document_ids), len(document_ids), document_ids.device)
