"""Paged attention. Kwon et al., PagedAttention (vLLM), 2023 (section 4.1).

The KV cache is cut into pages of a few tokens, as an operating system cuts memory. A sequence's
block table lists its pages, which may lie anywhere, so memory is taken page by page as the text
grows: at most one page per sequence is partly empty, and sequences with a common prefix can share
pages. The arithmetic is that of ordinary attention; only the addresses differ.
Time O(length heads d) per sequence and token, memory O(page_size d) wasted per sequence at most.
"""

from jaxtyping import Float, Int
from torch import Tensor

from attention.grouped_query import grouped_query
from attention.stages import silent, stage

VARIANT = {
    "title": {"en": "Paged attention (vLLM)", "zh": "分页注意力（vLLM）"},
    "family": "cache",
    "year": 2023,
    "paper": "Kwon et al., Efficient Memory Management for Large Language Model Serving with "
    "PagedAttention",
    "url": "https://arxiv.org/abs/2309.06180",
    "sizes": {"batch": 2, "pages": 12, "page_size": 4, "blocks": 3, "max_length": 12},
    "inputs": {"block_table": "pages", "lengths": "lengths"},
}


def paged(
    query: Float[Tensor, "batch heads dim"],
    key_pages: Float[Tensor, "pages page_size kv_heads dim"],
    value_pages: Float[Tensor, "pages page_size kv_heads value_dim"],
    block_table: Int[Tensor, "batch blocks"],
    lengths: Int[Tensor, " batch"],
) -> tuple[Float[Tensor, "batch heads value_dim"], Float[Tensor, "batch heads blocks*page_size"]]:
    """One decoding step for every sequence: output and weights over its slots, in order.

    Sequence b owns `lengths[b]` tokens in the pages block_table[b, 0], block_table[b, 1], ...;
    what stands behind its end, in the table or in a page, is never read.
    """
    page_size, room = key_pages.shape[1], block_table.shape[1] * key_pages.shape[1]
    if len(lengths) and not 0 <= int(lengths.min()) <= int(lengths.max()) <= room:
        raise ValueError(f"lengths must lie in 0..{room}, got {lengths.tolist()}")
    output = query.new_zeros(*query.shape[:2], value_pages.shape[-1])
    weights = query.new_zeros(*query.shape[:2], room)
    for b, length in enumerate(lengths.tolist()):
        if length == 0:
            continue
        table = block_table[b, : -(-length // page_size)]  # rounded up: the last page may be part
        keys = key_pages[table].flatten(0, 1)[:length].transpose(0, 1)  # (kv_heads, length, dim)
        values = value_pages[table].flatten(0, 1)[:length].transpose(0, 1)
        with silent():
            row, row_weights = grouped_query(query[b, None, :, None], keys[None], values[None])
        output[b], weights[b, :, :length] = row[0, :, 0], row_weights[0, :, 0]
    return stage("output", output), stage("weights", weights)
