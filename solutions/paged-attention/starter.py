import torch


def paged_attention(
    query: torch.Tensor,
    key_pages: torch.Tensor,
    value_pages: torch.Tensor,
    block_table: torch.Tensor,
    lengths: torch.Tensor,
) -> torch.Tensor:
    # query: (B, H, D), key_pages and value_pages: (P, page_size, Hkv, D)
    # block_table: (B, max_blocks) page numbers, lengths: (B,)
    # -> (B, H, D)
    raise NotImplementedError
