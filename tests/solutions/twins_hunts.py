"""Mended code beside an independent source: the textbook, torch's own modules, plain loops."""

import importlib
from typing import Any

import torch
from torch import Tensor, nn

HEADS = 3


def randn(*shape: int) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64)


def encoder_layer(block: Any, model: int, norm_first: bool = True) -> nn.TransformerEncoderLayer:
    """torch's transformer layer with the weights of one of our blocks."""
    layer = nn.TransformerEncoderLayer(
        model,
        HEADS,
        block.ff1.out_features,
        dropout=0.0,
        activation="gelu",
        batch_first=True,
        norm_first=norm_first,
        dtype=torch.float64,
    )
    names = {
        "self_attn.in_proj_": block.qkv_linear,
        "self_attn.out_proj.": block.output_linear,
        "linear1.": block.ff1,
        "linear2.": block.ff2,
        "norm1.": block.norm1,
        "norm2.": block.norm2,
    }
    state = {f"{name}{end}": getattr(part, end) for name, part in names.items() for end in ENDS}
    layer.load_state_dict(state)
    return layer


ENDS = ("weight", "bias")


def mini_gpt(solution: Any) -> tuple[Any, Any]:
    model = solution.MiniGPT(11, 12, HEADS, 2, 9).double()
    tokens = torch.randint(0, 11, (2, 7))
    x = model.token_embedding.weight[tokens] + model.position_embedding.weight[:7]
    future = torch.ones(7, 7, dtype=torch.bool).triu(1)
    for block in model.blocks:
        x = encoder_layer(block, 12)(x, src_mask=future)
    return model(tokens), model.norm(x) @ model.head.weight.T


def next_token_loss(solution: Any) -> tuple[Any, Any]:
    logits, tokens = randn(3, 6, 7), torch.randint(0, 7, (3, 6))
    lengths = [6, 0, 3]
    log_probability = logits.log_softmax(-1)
    costs = [
        -log_probability[row, t - 1, tokens[row, t]]
        for row, length in enumerate(lengths)
        for t in range(1, length)
    ]
    got = solution.next_token_loss(logits, tokens, torch.tensor(lengths))
    return got, torch.stack(costs).mean()


def grouped_query(solution: Any) -> tuple[Any, Any]:
    query, key, value = randn(2, 6, 4, 5), randn(2, 3, 7, 5), randn(2, 3, 7, 2)
    mask = torch.rand(2, 6, 4, 7) < 0.6
    mask[0, 1, 2] = False
    wanted, _ = importlib.import_module("attention.grouped_query").grouped_query(
        query, key, value, mask
    )
    return solution.grouped_query_attention(query, key, value, mask), wanted


def head_split(solution: Any) -> tuple[Any, Any]:
    layer = solution.SelfAttention(12, HEADS).double()
    x = randn(2, 5, 12)
    parts = [layer.query_linear(x), layer.key_linear(x), layer.value_linear(x)]
    slices = zip(*(part.chunk(HEADS, dim=-1) for part in parts), strict=True)
    wanted = [nn.functional.scaled_dot_product_attention(*head) for head in slices]
    return layer(x), torch.cat(wanted, dim=-1)


def nan_gradient(solution: Any) -> tuple[Any, Any]:
    """Values, and the gradients, of which those of an empty row are left out by hand."""
    inputs = [x.requires_grad_() for x in (randn(2, 4, 5), randn(2, 6, 5), randn(2, 6, 3))]
    mask, cotangent = torch.rand(2, 4, 6) < 0.5, randn(2, 4, 3)
    mask[..., 0] = True
    mask[0, 2] = False
    output, _ = solution.scaled_dot_product_attention(*inputs, mask)
    opened = mask.clone()
    opened[0, 2] = True
    alive = mask.any(-1, keepdim=True)
    wanted = nn.functional.scaled_dot_product_attention(*inputs, opened) * alive
    got = torch.autograd.grad(output, inputs, cotangent)
    return (output, got), (wanted, torch.autograd.grad(wanted, inputs, cotangent))


def shared_prompt(solution: Any) -> tuple[Any, Any]:
    """Two answers to one prompt, grown side by side, and each computed in one go."""
    layer = solution.CachedSelfAttention(12, HEADS).double()
    prompt, first, second = randn(2, 3, 12), randn(2, 2, 12), randn(2, 2, 12)
    _, root = layer(prompt)
    caches, got = [root, root], []
    for step in range(2):
        for index, answer in enumerate((first, second)):
            output, caches[index] = layer(answer[:, step : step + 1], caches[index])
            got.append(output)
    whole = [attended(layer, torch.cat([prompt, answer], dim=1)) for answer in (first, second)]
    return got, [rows[:, 3 + step, None] for step in range(2) for rows in whole]


def attended(layer: Any, x: Tensor, rotary: bool = False) -> Tensor:
    """Causal self-attention by torch's own kernel, with a layer's weights."""
    query, key, value = (
        part.unflatten(-1, (HEADS, -1)).transpose(1, 2)
        for part in layer.qkv_linear(x).chunk(3, dim=-1)
    )
    if rotary:
        turn = importlib.import_module("attention.rotary").apply_rotary
        query, key = (turn(part, torch.arange(x.shape[1]), 10000.0) for part in (query, key))
    kernel = nn.functional.scaled_dot_product_attention
    heads = kernel(query, key, value, is_causal=True)
    return layer.output_linear(heads.transpose(1, 2).flatten(2))  # type: ignore[no-any-return]


def rotary_cache(solution: Any) -> tuple[Any, Any]:
    layer, x = solution.RotaryCachedAttention(12, HEADS).double(), randn(2, 8, 12)
    got, cache = [], None
    for chunk in x.split([3, 1, 4], dim=1):
        output, cache = layer(chunk, cache)
        got.append(output)
    return torch.cat(got, dim=1), attended(layer, x, rotary=True)


def dropout(solution: Any) -> tuple[Any, Any]:
    """Evaluation, and the mean over many draws in training, which must come near it."""
    layer, x = solution.DropoutSelfAttention(12, HEADS, 0.5).double(), randn(2, 5, 12)
    twin = nn.MultiheadAttention(12, HEADS, batch_first=True, dtype=torch.float64)
    twin.load_state_dict(
        {
            "in_proj_weight": layer.qkv_linear.weight,
            "in_proj_bias": layer.qkv_linear.bias,
            "out_proj.weight": layer.output_linear.weight,
            "out_proj.bias": layer.output_linear.bias,
        }
    )
    wanted, _ = twin(x, x, x)
    mean = layer(x.repeat(2000, 1, 1)).unflatten(0, (2000, 2)).mean(dim=0)
    torch.testing.assert_close(mean, wanted, rtol=0, atol=0.05)
    return layer.eval()(x), wanted


def half_precision(solution: Any) -> tuple[Any, Any]:
    """float16 with products beyond its range, beside torch's kernel in float64."""
    query, key = torch.randint(30, 50, (2, 4, 64)), torch.randint(-50, 50, (2, 6, 64))
    value, mask = randn(2, 6, 3).half(), torch.rand(2, 4, 6) < 0.6
    mask[..., 0] = True
    kernel = nn.functional.scaled_dot_product_attention
    wanted = kernel(query.double(), key.double(), value.double(), attn_mask=mask)
    narrow = solution.attention(query.half(), key.half(), value, mask)
    torch.testing.assert_close(narrow.double(), wanted, rtol=0, atol=2e-3)
    return solution.attention(query.double(), key.double(), value.double(), mask), wanted


TWINS = {
    "fix-mini-gpt": mini_gpt,
    "fix-next-token-loss": next_token_loss,
    "fix-grouped-query": grouped_query,
    "fix-head-split": head_split,
    "fix-nan-gradient": nan_gradient,
    "fix-shared-prompt": shared_prompt,
    "fix-rotary-cache": rotary_cache,
    "fix-dropout": dropout,
    "fix-half-precision": half_precision,
}
