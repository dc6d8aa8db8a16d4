"""LSH attention of the Reformer. Kitaev, Kaiser and Levskaya, Reformer, 2020 (section 2).

A softmax is ruled by the keys nearest to the query, and near vectors mostly fall into the same
bucket of a locality-sensitive hash: h(x) = argmax([x R; -x R]) with a random R. Queries and keys
are the same vectors, keys scaled to length one, and attention runs within buckets; several rounds
of hashing make up for unlucky splits (a pair in one bucket of any round may attend). A position
attends to itself only if it has nobody else, since no key is nearer to it. The choice of buckets
is a constant for the gradients. No gradient reaches rotations.
Time O(L^2 d) and memory O(L^2) as masked here; O(L log L) when sorted by bucket and cut in chunks.
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from attention.scaled_dot_product import scaled_dot_product

VARIANT = {
    "title": {"en": "LSH attention (Reformer)", "zh": "LSH 注意力（Reformer）"},
    "family": "sparse",
    "year": 2020,
    "paper": "Kitaev et al., Reformer: The Efficient Transformer",
    "url": "https://arxiv.org/abs/2001.04451",
    "sizes": {"rounds": 2, "half": 2, "length": 16},
}


def reformer(
    query: Float[Tensor, "*batch length dim"],
    value: Float[Tensor, "*batch length value_dim"],
    rotations: Float[Tensor, "rounds dim half"],
) -> tuple[Float[Tensor, "*batch length value_dim"], Float[Tensor, "*batch length length"]]:
    """Output and weights; `rotations` are random, one per round, for 2 * half buckets each."""
    with torch.no_grad():
        mask = lsh_mask(buckets(query, rotations))
    return scaled_dot_product(query, F.normalize(query, dim=-1), value, mask)


def buckets(
    x: Float[Tensor, "*batch length dim"], rotations: Float[Tensor, "rounds dim half"]
) -> Int[Tensor, "*batch length rounds"]:
    """The bucket of each vector in each round; it depends on the direction only."""
    turned = torch.einsum("...ld,rdh->...lrh", x, rotations)
    return torch.cat([turned, -turned], dim=-1).argmax(dim=-1)


def lsh_mask(hashed: Int[Tensor, "*batch length rounds"]) -> Bool[Tensor, "*batch length length"]:
    """True for pairs that share a bucket in some round; the diagonal where a row has no other."""
    shared = (hashed[..., :, None, :] == hashed[..., None, :, :]).any(dim=-1)
    itself = torch.eye(hashed.shape[-2], dtype=torch.bool, device=hashed.device)
    others = shared & ~itself
    return others | (itself & ~others.any(dim=-1, keepdim=True))
