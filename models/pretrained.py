"""Models in the format of `transformers`, an optional package: found, loaded, run on one text.

A name is a folder, or a model on the Hugging Face hub. Nothing of such a model is ever executed or
unpickled: its weights are safetensors, its code comes with the package. What cannot be done is a
`Trouble`, whose kind the pages put into words.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import re
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from models.vocabulary import Token

# Types of models that were tried here; the others' outputs may mean something else.
FAMILIES = ("bert", "roberta", "distilbert", "gpt2", "llama", "mistral", "qwen2")
MOST_TOKENS = 128  # of one text
MOST_LAYERS = 128
_HUB = re.compile(r"\w[\w.-]*(/\w[\w.-]*)?", re.ASCII)
_WEIGHTS = re.compile(r"model(-\d+-of-\d+)?\.safetensors")
_INDEX = "model.safetensors.index.json"
_TEXTS = {"config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"}
_TEXTS |= {"added_tokens.json", "vocab.json", "merges.txt", "vocab.txt", _INDEX}
_TIMEOUT = 15.0  # s, for the hub's answer
# Names of exceptions, which several packages define, in this order of meaning.
_MEANINGS = {
    "GatedRepoError": "gated",
    "RepositoryNotFoundError": "unknown",
    "HFValidationError": "unknown",
    "ConnectionError": "offline",
    "TransportError": "offline",
    "Timeout": "offline",
    "TimeoutError": "offline",
    "LocalEntryNotFoundError": "offline",
}

Maps = np.ndarray[Any, np.dtype[np.float32]]
Tell = Callable[[str, int, int], None]  # what is being done, bytes there, bytes in all


class Trouble(Exception):
    """Why a model cannot be had or run: a kind, and values for the words that say so."""

    def __init__(self, kind: str, **values: Any) -> None:
        super().__init__(kind)
        self.kind = kind
        self.values = values


@dataclass(frozen=True)
class Limits:
    """What a host allows: bytes of weights in single precision, folders, and files that stay.

    Where nothing is `kept`, downloads go to a folder that is removed once the model is loaded, and
    the host's own access to the hub is not used.
    """

    room: int
    folders: bool
    kept: bool


OWN = Limits(room=4 * 2**30, folders=True, kept=True)
PUBLIC = Limits(room=2**30, folders=False, kept=False)


@dataclass(frozen=True)
class Pretrained:
    """A loaded model with its tokenizer."""

    name: str
    family: str
    parameters: int
    layers: int
    heads: int
    longest: int
    tokenizer: Any
    model: Any

    @torch.no_grad()
    def read(self, text: str) -> tuple[list[Token], Maps]:
        """The tokens of a text, and weights (layers, heads, n, n) of every head.

        Raises Trouble: "long", "weights" where the model returns none, "run" for anything else.
        """
        try:
            encoded = self.tokenizer(text, return_offsets_mapping=self.tokenizer.is_fast)
            ids = list(encoded["input_ids"])
            if len(ids) > self.longest:
                raise Trouble("long", tokens=len(ids), limit=self.longest)
            found = tokens_of(self.tokenizer, text, ids, encoded.get("offset_mapping"))
            if not ids:
                return found, np.zeros((self.layers, self.heads, 0, 0), np.float32)
            row = torch.tensor([ids])
            mask = torch.ones_like(row)
            maps = self.model(row, attention_mask=mask, output_attentions=True).attentions
        except Trouble:
            raise
        except Exception as error:  # of a tokenizer or a model that nobody here has seen
            raise Trouble("run", reason=reason_of(error)) from error
        return found, stacked(maps, len(ids))


def installed() -> bool:
    """Whether the package is there; one that was installed a moment ago counts."""
    importlib.invalidate_caches()
    try:
        return importlib.util.find_spec("transformers") is not None
    except ValueError:  # a module that stands in for it
        return True


def is_folder(name: str) -> bool:
    """Whether a name is meant as a folder: it is one, or nothing else could be called so."""
    return not _HUB.fullmatch(name) or Path(name).is_dir()


def load(name: str, limits: Limits, tell: Tell) -> Pretrained:
    """Find a model, fetch it if need be, and load it. Raises Trouble."""
    if is_folder(name) and not limits.folders:
        raise Trouble("local")
    if not installed():
        raise Trouble("package")
    try:
        if is_folder(name):
            return _from_folder(name, Path(name).expanduser(), limits, tell)
        if limits.kept:
            return _from_folder(name, Path(_fetched(name, limits, tell, None)), limits, tell)
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as cache:
            return _from_folder(name, Path(_fetched(name, limits, tell, cache)), limits, tell)
    except Trouble:
        raise
    except Exception as error:  # of packages and files that nobody here has seen
        raise Trouble(meaning(error), reason=reason_of(error)) from error


def meaning(error: BaseException) -> str:
    """The kind of an error of the hub by the names of its classes, "load" for anything else."""
    names = {kind.__name__ for kind in type(error).__mro__}
    return next((kind for name, kind in _MEANINGS.items() if name in names), "load")


def reason_of(error: BaseException) -> str:
    """The first line of an error, or its name."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__


def _fetched(name: str, limits: Limits, tell: Tell, cache: str | None) -> str:
    """The folder with the files of a model of the hub, fetched if they are not there yet."""
    hub = importlib.import_module("huggingface_hub")
    token = None if limits.kept else False
    tell("asking", 0, 0)
    try:
        info = hub.HfApi(token=token).model_info(name, files_metadata=True, timeout=_TIMEOUT)
    except Exception as error:
        if meaning(error) != "offline" or not limits.kept:
            raise
        return str(hub.snapshot_download(name, local_files_only=True))  # if it was fetched before
    sizes = {file.rfilename: file.size or 0 for file in info.siblings or ()}
    wanted = [file for file in sizes if file in _TEXTS or _WEIGHTS.fullmatch(file)]
    check_files(wanted, sum(sizes[file] for file in wanted), limits)
    total = sum(sizes[file] for file in wanted)
    tell("fetching", 0, total)
    return str(
        hub.snapshot_download(
            name,
            revision=info.sha,
            allow_patterns=wanted,
            cache_dir=cache,
            token=token,
            tqdm_class=_meter(lambda done: tell("fetching", min(done, total), total)),
        )
    )


def _meter(told: Callable[[int], None]) -> Any:
    """A progress bar that draws nothing and tells the bytes that are there."""
    bar: Any = importlib.import_module("tqdm").tqdm

    class Meter(bar):  # type: ignore[misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            self.bytes = options.get("unit") == "B"
            self.there = int(options.get("initial") or 0)
            options.pop("name", None)
            super().__init__(*args, **(options | {"disable": True}))

        def update(self, n: float | None = 1) -> None:
            self.there += int(n or 0)
            if self.bytes:
                told(self.there)

    return Meter


def check_files(names: Iterable[str], size: int, limits: Limits) -> None:
    """Raise Trouble unless there are weights as safetensors, and they are not too large."""
    known = set(names)
    if "config.json" not in known:
        raise Trouble("folder")
    if not any(_WEIGHTS.fullmatch(name) for name in known):
        raise Trouble("format")
    if size > limits.room:
        raise Trouble("large", size=size, limit=limits.room)


def _from_folder(name: str, folder: Path, limits: Limits, tell: Tell) -> Pretrained:
    """Load the model of a folder, after a look at its configuration."""
    if not folder.is_dir():
        raise Trouble("folder")
    sizes = {path.name: path.stat().st_size for path in folder.iterdir() if path.is_file()}
    weights = sum(size for file, size in sizes.items() if _WEIGHTS.fullmatch(file))
    check_files(sizes, weights, limits)
    family = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("model_type")
    if family not in FAMILIES:
        raise Trouble("family", family=str(family)[:40])
    if _INDEX in sizes:
        check_index((folder / _INDEX).read_text(encoding="utf-8"))
    tell("importing", 0, 0)
    package = importlib.import_module("transformers")
    package.logging.set_verbosity_error()
    package.logging.disable_progress_bar()
    only = {"local_files_only": True, "trust_remote_code": False}
    config = package.AutoConfig.from_pretrained(str(folder), **only)
    config.use_cache = False
    parameters = counted(package, config, limits)
    tell("loading", 0, 0)
    tokenizer = package.AutoTokenizer.from_pretrained(str(folder), **only)
    model, report = package.AutoModel.from_pretrained(
        str(folder),
        config=config,
        attn_implementation="eager",  # the fused kernels return no weights
        use_safetensors=True,
        dtype=torch.float32,  # any other would be torch's default meanwhile, for all threads
        output_loading_info=True,
        **only,
    )
    absent = [key for key in report["missing_keys"] if "pooler" not in key]
    if absent:  # they were drawn at random, and so would the maps be
        raise Trouble("missing", count=len(absent), first=absent[0])
    return Pretrained(
        name=name,
        family=str(family),
        parameters=parameters,
        layers=config.num_hidden_layers,
        heads=config.num_attention_heads,
        longest=min(MOST_TOKENS, getattr(config, "max_position_embeddings", None) or MOST_TOKENS),
        tokenizer=tokenizer,
        model=model.eval(),
    )


def check_index(text: str) -> None:
    """Raise Trouble where an index of weights leads to anything but safetensors beside it."""
    files = json.loads(text).get("weight_map", {}).values()
    if not all(_WEIGHTS.fullmatch(str(file)) for file in files):
        raise Trouble("format")


def counted(package: Any, config: Any, limits: Limits) -> int:
    """The parameters that a configuration asks for, known before memory is taken for them."""
    if config.num_hidden_layers > MOST_LAYERS:
        raise Trouble("layers", layers=config.num_hidden_layers, limit=MOST_LAYERS)
    with torch.device("meta"):
        outline = package.AutoModel.from_config(
            config, attn_implementation="eager", dtype=torch.float32
        )
    parameters: int = sum(weight.numel() for weight in outline.parameters())
    if 4 * parameters > limits.room:
        raise Trouble("large", size=4 * parameters, limit=limits.room)
    return parameters


def tokens_of(
    tokenizer: Any, text: str, ids: list[int], offsets: list[tuple[int, int]] | None
) -> list[Token]:
    """The tokens as they were typed where one knows that, else as the tokenizer calls them."""
    names = [str(name) for name in tokenizer.convert_ids_to_tokens(ids)]
    pieces = [text[start:end].strip() for start, end in offsets or [(0, 0)] * len(ids)]
    unknown = tokenizer.unk_token_id
    return [
        Token(piece or name, name, known=number != unknown or not piece)
        for piece, name, number in zip(pieces, names, ids, strict=True)
    ]


def stacked(maps: Any, length: int) -> Maps:
    """Weights of all layers (layers, heads, n, n). Raises Trouble where a model returns none."""
    layers = list(maps or ())
    if not layers or any(layer is None for layer in layers):
        raise Trouble("weights")
    found: Maps = torch.cat([layer.detach() for layer in layers]).float().numpy()
    if found.shape[-2:] != (length, length) or not np.isfinite(found).all():
        raise Trouble("weights")
    return found
