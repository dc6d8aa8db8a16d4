"""KV caches of public models: their configuration, with its source, and what follows from it.

Pure data and arithmetic; the numbers stand in the papers and model files named.
"""

from __future__ import annotations

from dataclasses import dataclass

GIB = 2**30
CONTEXTS = tuple(2**n for n in range(10, 18))  # 1k … 128k tokens
STORED = ("bf16", "int8")
_SCALE = 2  # bytes: int8 keeps one 16-bit scale for each vector that is rounded together


@dataclass(frozen=True)
class Model:
    """Attention of a published model.

    `kv_heads` heads of `head_dim` store a key and a value each; a model with a `latent` stores that
    and one rotary key of width `rope` instead. `window` is how many tokens it keeps at most.
    """

    name: str
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    context: int
    source: str
    url: str
    latent: int = 0
    rope: int = 0
    window: int = 0

    @property
    def kind(self) -> str:
        """MHA, GQA, MQA or MLA."""
        if self.latent:
            return "MLA"
        if self.kv_heads == self.heads:
            return "MHA"
        return "MQA" if self.kv_heads == 1 else "GQA"

    @property
    def numbers(self) -> int:
        """Numbers stored per token and layer."""
        return self.latent + self.rope if self.latent else 2 * self.kv_heads * self.head_dim

    @property
    def vectors(self) -> int:
        """Vectors stored per token and layer."""
        return 2 if self.latent else 2 * self.kv_heads

    def per_token(self, stored: str = "bf16") -> int:
        """Bytes per token, over all layers."""
        if stored == "int8":
            return self.layers * (self.numbers + _SCALE * self.vectors)
        return self.layers * 2 * self.numbers

    def as_mha(self) -> int:
        """Bytes per token in bf16, if every query head stored a key and a value of its own."""
        return self.layers * 2 * 2 * self.heads * self.head_dim

    def cache(self, tokens: int, batch: int = 1, stored: str = "bf16") -> int:
        """Bytes of the cache for `batch` sequences of `tokens` each."""
        kept = min(tokens, self.window) if self.window else tokens
        return batch * kept * self.per_token(stored)


_LLAMA_2 = ("Touvron et al., Llama 2, 2023; model files", "https://arxiv.org/abs/2307.09288")
_LLAMA_3 = (
    "Llama Team, The Llama 3 Herd of Models, 2024, Table 3",
    "https://arxiv.org/abs/2407.21783",
)
_GPT_3 = (
    "Brown et al., Language Models are Few-Shot Learners, 2020, Table 2.1",
    "https://arxiv.org/abs/2005.14165",
)
_MISTRAL = ("Jiang et al., Mistral 7B, 2023, Table 1", "https://arxiv.org/abs/2310.06825")
_MIXTRAL = ("Jiang et al., Mixtral of Experts, 2024, Table 1", "https://arxiv.org/abs/2401.04088")
_GEMMA = ("Gemma Team, Gemma, 2024, Table 1", "https://arxiv.org/abs/2403.08295")
_FALCON = (
    "Almazrouei et al., The Falcon Series of Open Language Models, 2023; model files",
    "https://arxiv.org/abs/2311.16867",
)
_DEEPSEEK_2 = ("DeepSeek-AI, DeepSeek-V2, 2024, section 3.1.2", "https://arxiv.org/abs/2405.04434")
_DEEPSEEK_3 = (
    "DeepSeek-AI, DeepSeek-V3 Technical Report, 2024, section 4.2",
    "https://arxiv.org/abs/2412.19437",
)

MODELS: dict[str, Model] = {
    "gpt-3": Model("GPT-3 175B", 96, 96, 96, 128, 2048, *_GPT_3),
    "llama-2-7b": Model("Llama 2 7B", 32, 32, 32, 128, 4096, *_LLAMA_2),
    "llama-2-70b": Model("Llama 2 70B", 80, 64, 8, 128, 4096, *_LLAMA_2),
    "llama-3.1-8b": Model("Llama 3.1 8B", 32, 32, 8, 128, 131072, *_LLAMA_3),
    "llama-3.1-70b": Model("Llama 3.1 70B", 80, 64, 8, 128, 131072, *_LLAMA_3),
    "llama-3.1-405b": Model("Llama 3.1 405B", 126, 128, 8, 128, 131072, *_LLAMA_3),
    "mistral-7b": Model("Mistral 7B", 32, 32, 8, 128, 8192, *_MISTRAL, window=4096),
    "mixtral-8x7b": Model("Mixtral 8x7B", 32, 32, 8, 128, 32768, *_MIXTRAL),
    "gemma-2b": Model("Gemma 2B", 18, 8, 1, 256, 8192, *_GEMMA),
    "gemma-7b": Model("Gemma 7B", 28, 16, 16, 256, 8192, *_GEMMA),
    "falcon-7b": Model("Falcon 7B", 32, 71, 1, 64, 2048, *_FALCON),
    "deepseek-v2": Model(
        "DeepSeek-V2", 60, 128, 128, 128, 131072, *_DEEPSEEK_2, latent=512, rope=64
    ),
    "deepseek-v3": Model(
        "DeepSeek-V3", 61, 128, 128, 128, 131072, *_DEEPSEEK_3, latent=512, rope=64
    ),
}
