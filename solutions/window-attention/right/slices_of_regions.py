"""A loop over the regions themselves: bands of rows and columns, of which no two mix."""

import torch
import torch.nn.functional as F


def window_attention(query, key, value, height, width, window, shift=0):
    def bands(size):
        edges = sorted({0, *range(shift, size, window), size})
        pieces = [list(range(a, b)) for a, b in zip(edges, edges[1:])]
        return [piece for piece in pieces if piece]

    out = value.new_zeros(*query.shape[:-1], value.shape[-1])
    for rows in bands(height):
        for columns in bands(width):
            at = torch.tensor([r * width + c for r in rows for c in columns])
            q, k, v = (t.index_select(-2, at) for t in (query, key, value))
            out = out.index_copy(-2, at, F.scaled_dot_product_attention(q, k, v))
    return out
