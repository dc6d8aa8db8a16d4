"""Models in the `transformers` format: what is refused and why, with a stand-in for the package.

The tests of the package itself are left out where it is not installed.
"""

import importlib.util
import json
import os
import sys
import types

import numpy as np
import pytest
import torch

from models import pretrained
from models.pretrained import OWN, PUBLIC, Limits, Trouble

REAL = importlib.util.find_spec("transformers") is not None
TEXT = "Mary called Tom because she was tired."


def silent(step, done, total):
    """Tells nobody."""


def folder_of(path, **config):
    path.mkdir(exist_ok=True)
    config = {"model_type": "gpt2", **config}
    (path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (path / "model.safetensors").write_bytes(b"12345678")
    return path


class FakeTokenizer:
    is_fast = True
    unk_token_id = 0

    def __call__(self, text, **_):
        words = text.split()
        starts = [text.index(word) for word in words]
        spans = [(start, start + len(word)) for start, word in zip(starts, words, strict=True)]
        known = [0 if word == "zebra" else len(word) for word in words]
        return {"input_ids": [9, *known], "offset_mapping": [(0, 0), *spans]}

    def convert_ids_to_tokens(self, ids):
        return ["[CLS]" if number == 9 else f"#{number}" for number in ids]


class FakeModel(torch.nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.weight = torch.nn.Parameter(torch.zeros(config.size))

    def forward(self, ids, attention_mask, output_attentions):
        assert output_attentions
        assert attention_mask.all()
        n = ids.shape[1]
        if self.config.dumb:
            return types.SimpleNamespace(attentions=(None,) * 2)
        maps = torch.eye(n).expand(1, 4, n, n)
        return types.SimpleNamespace(attentions=(maps, maps.flip(-1)))


@pytest.fixture
def package(monkeypatch):
    """A stand-in for the package; what its loaders were asked for is in `asked`."""
    module = types.ModuleType("transformers")
    module.asked, module.missing = [], []
    module.config = types.SimpleNamespace(
        num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=12, size=10, dumb=False
    )

    def from_pretrained(result):
        def load(path, **options):
            module.asked.append(options)
            report = {"missing_keys": module.missing}
            return (result(), report) if options.get("output_loading_info") else result()

        return load

    module.AutoConfig = types.SimpleNamespace(
        from_pretrained=from_pretrained(lambda: module.config)
    )
    module.AutoTokenizer = types.SimpleNamespace(from_pretrained=from_pretrained(FakeTokenizer))
    module.AutoModel = types.SimpleNamespace(
        from_pretrained=from_pretrained(lambda: FakeModel(module.config)),
        from_config=lambda config, **_: FakeModel(config),
    )
    module.logging = types.SimpleNamespace(
        set_verbosity_error=lambda: None, disable_progress_bar=lambda: None
    )
    monkeypatch.setitem(sys.modules, "transformers", module)
    return module


class FakeHub:
    """A stand-in for the hub: files with sizes, or an error; fetched from `folder`."""

    def __init__(self, files=(), error=None, folder=None):
        self.files, self.error, self.folder = dict(files), error, folder
        self.calls = []

    def HfApi(self, **options):  # noqa: N802 (its name in the package)
        self.calls.append(options)
        return self

    def model_info(self, name, **_):
        if self.error is not None:
            raise self.error
        files = [types.SimpleNamespace(rfilename=n, size=s) for n, s in self.files.items()]
        return types.SimpleNamespace(siblings=files, sha="abc")

    def snapshot_download(self, name, **options):
        self.calls.append(options)
        if self.folder is None:
            raise self.error
        if "tqdm_class" in options:
            bar = options["tqdm_class"](total=8, unit="B", name="x")
            bar.update(5)
        return str(self.folder)


@pytest.fixture
def hub(monkeypatch):
    """Puts a stand-in for the hub in place."""

    def put(**options):
        made = FakeHub(**options)
        monkeypatch.setitem(sys.modules, "huggingface_hub", made)
        tqdm = types.ModuleType("tqdm")
        tqdm.tqdm = type("tqdm", (), {"__init__": lambda self, *a, **k: None})
        monkeypatch.setitem(sys.modules, "tqdm", tqdm)
        return made

    return put


def trouble_of(name, limits=OWN):
    with pytest.raises(Trouble) as caught:
        pretrained.load(str(name), limits, silent)
    return caught.value


class TestFolder:
    def test_tokens_and_weights_come_in_the_form_of_our_own_model(self, package, tmp_path):
        model = pretrained.load(str(folder_of(tmp_path / "a")), OWN, silent)
        tokens, maps = model.read("one  zebra ran")
        assert [token.text for token in tokens] == ["[CLS]", "one", "zebra", "ran"]
        assert [token.read for token in tokens] == ["[CLS]", "#3", "#0", "#3"]
        assert [token.known for token in tokens] == [True, True, False, True]
        assert maps.shape == (2, 4, 4, 4)
        assert maps.dtype == np.float32
        assert np.array_equal(maps[1, 0], np.eye(4)[:, ::-1])

    def test_nothing_is_executed_unpickled_or_fetched_on_the_way(self, package, tmp_path):
        pretrained.load(str(folder_of(tmp_path / "a")), OWN, silent)
        assert len(package.asked) == 3
        assert all(asked["trust_remote_code"] is False for asked in package.asked)
        assert all(asked["local_files_only"] is True for asked in package.asked)
        assert package.asked[-1]["use_safetensors"] is True
        assert package.asked[-1]["attn_implementation"] == "eager"
        assert package.asked[-1]["dtype"] is torch.float32

    def test_a_text_that_is_too_long(self, package, tmp_path):
        model = pretrained.load(str(folder_of(tmp_path / "a")), OWN, silent)
        model.read("a " * 11)
        with pytest.raises(Trouble) as caught:
            model.read("a " * 12)
        assert caught.value.kind == "long"
        assert caught.value.values == {"tokens": 13, "limit": 12}

    def test_a_model_without_weights_to_show(self, package, tmp_path):
        package.config.dumb = True
        model = pretrained.load(str(folder_of(tmp_path / "a")), OWN, silent)
        with pytest.raises(Trouble) as caught:
            model.read("one two")
        assert caught.value.kind == "weights"

    @pytest.mark.parametrize(
        "maps",
        [
            None,
            (),
            (torch.ones(1, 2, 3, 4),),
            (torch.full((1, 2, 3, 3), torch.nan),),
        ],
        ids=["none", "empty", "shape", "nan"],
    )
    def test_weights_that_are_none(self, maps):
        with pytest.raises(Trouble, match="weights"):
            pretrained.stacked(maps, 3)

    def test_an_error_while_it_reads_is_told(self, package, tmp_path, monkeypatch):
        model = pretrained.load(str(folder_of(tmp_path / "a")), OWN, silent)
        monkeypatch.setattr(
            FakeModel, "forward", lambda *_, **__: (_ for _ in ()).throw(IndexError("id"))
        )
        with pytest.raises(Trouble) as caught:
            model.read("one")
        assert (caught.value.kind, caught.value.values["reason"]) == ("run", "IndexError: id")

    def test_weights_that_the_files_lack(self, package, tmp_path):
        folder = folder_of(tmp_path / "a")
        package.missing = ["pooler.dense.weight"]
        pretrained.load(str(folder), OWN, silent)
        package.missing = ["pooler.dense.weight", "h.0.attn.weight"]
        trouble = trouble_of(folder)
        assert (trouble.kind, trouble.values["first"]) == ("missing", "h.0.attn.weight")

    def test_a_size_is_known_before_memory_is_taken(self, package, tmp_path):
        folder = folder_of(tmp_path / "a")
        package.config.size = 1000
        assert trouble_of(folder, Limits(3999, True, True)).kind == "large"
        assert "use_safetensors" not in package.asked[-1]
        assert pretrained.load(str(folder), Limits(4000, True, True), silent).parameters == 1000
        assert trouble_of(folder, Limits(7, True, True)).values == {"size": 8, "limit": 7}

    def test_other_families_formats_and_folders(self, package, tmp_path):
        assert trouble_of(tmp_path / "absent").kind == "folder"
        assert trouble_of(tmp_path).kind == "folder"
        assert trouble_of(folder_of(tmp_path / "t5", model_type="t5")).values == {"family": "t5"}
        pickled = folder_of(tmp_path / "pickled")
        (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
        assert trouble_of(pickled).kind == "format"
        package.config.num_hidden_layers = 1000
        assert trouble_of(folder_of(tmp_path / "deep")).kind == "layers"
        broken = folder_of(tmp_path / "broken")
        (broken / "config.json").write_text("{", encoding="utf-8")
        assert trouble_of(broken).kind == "load"

    @pytest.mark.parametrize("file", ["pytorch_model.bin", "../model.safetensors"])
    def test_an_index_leads_nowhere_else(self, package, tmp_path, file):
        folder = folder_of(tmp_path / "a")
        index = folder / "model.safetensors.index.json"
        index.write_text(json.dumps({"weight_map": {"w": file}}), encoding="utf-8")
        assert trouble_of(folder).kind == "format"

    def test_no_folder_where_others_can_ask(self, package, tmp_path, monkeypatch):
        folder_of(tmp_path / "gpt2")
        monkeypatch.chdir(tmp_path)
        for name in (str(tmp_path / "gpt2"), "gpt2", "..", "~/x", "./gpt2", "../gpt2", "a/b/c"):
            assert trouble_of(name, PUBLIC).kind == "local", name

    def test_without_the_package(self, tmp_path, monkeypatch):
        monkeypatch.setattr(pretrained, "installed", lambda: False)
        assert trouble_of(folder_of(tmp_path / "a")).kind == "package"


FILES = {"config.json": 10, "model.safetensors": 8, "pytorch_model.bin": 99, "code.py": 1,
         "onnx/model.safetensors": 99, "consolidated.safetensors": 99}  # fmt: skip


class TestHub:
    def test_only_what_is_needed_is_fetched_and_progress_is_told(self, package, hub, tmp_path):
        made = hub(files=FILES, folder=folder_of(tmp_path / "a"))
        told = []
        pretrained.load("owner/name", OWN, lambda *step: told.append(step))
        assert sorted(made.calls[-1]["allow_patterns"]) == ["config.json", "model.safetensors"]
        assert made.calls[-1]["revision"] == "abc"
        assert made.calls[-1]["token"] is None
        assert told == [
            ("asking", 0, 0),
            ("fetching", 0, 18),
            ("fetching", 5, 18),
            ("importing", 0, 0),
            ("loading", 0, 0),
        ]

    def test_for_strangers_nothing_stays_and_no_access_is_lent(self, package, hub, tmp_path):
        made = hub(files=FILES, folder=folder_of(tmp_path / "a"))
        pretrained.load("owner/name", PUBLIC, silent)
        assert made.calls[0]["token"] is False
        assert made.calls[-1]["token"] is False
        assert not os.path.exists(made.calls[-1]["cache_dir"])

    def test_a_large_model_is_not_fetched(self, package, hub):
        made = hub(files=FILES)
        assert trouble_of("owner/name", Limits(17, True, True)).kind == "large"
        assert len(made.calls) == 1

    @pytest.mark.parametrize(
        ("bases", "kind"),
        [
            (("RepositoryNotFoundError",), "unknown"),
            (("RepositoryNotFoundError", "GatedRepoError"), "gated"),
            (("TransportError", "ConnectError"), "offline"),
            (("HfHubHTTPError",), "load"),
        ],
    )
    def test_errors_have_a_meaning(self, package, hub, bases, kind):
        error = Exception
        for name in bases:
            error = type(name, (error,), {})
        hub(error=error("why\nmore"))
        trouble = trouble_of("owner/name")
        assert trouble.kind == kind
        assert trouble.values["reason"] == f"{bases[-1]}: why"

    def test_offline_but_fetched_before(self, package, hub, tmp_path):
        made = hub(error=ConnectionError("no way"), folder=folder_of(tmp_path / "a"))
        assert pretrained.load("owner/name", OWN, silent).name == "owner/name"
        assert made.calls[-1] == {"local_files_only": True}
        assert trouble_of("owner/name", PUBLIC).kind == "offline"


SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
         "intermediate_size": 64}  # fmt: skip


@pytest.mark.skipif(not REAL, reason="the optional package transformers is not installed")
@pytest.mark.filterwarnings("ignore")
class TestPackage:
    def save(self, family, path):
        import transformers
        from tokenizers import Tokenizer, models, pre_tokenizers

        words = ["[UNK]", "Mary", "called", "Tom", "because", "she", "was", "tired", "."]
        wordy = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, "[UNK]"))
        wordy.pre_tokenizer = pre_tokenizers.Whitespace()
        sizes = SIZES
        if family in ("llama", "mistral", "qwen2"):
            sizes = sizes | {"num_key_value_heads": 2}
        if family == "distilbert":
            sizes = {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64}
        config = transformers.AutoConfig.for_model(family, vocab_size=9, pad_token_id=0, **sizes)
        for name in ("bos_token_id", "eos_token_id"):
            setattr(config, name, 0)
        torch.manual_seed(0)
        transformers.AutoModel.from_config(config).save_pretrained(path)
        fast = transformers.PreTrainedTokenizerFast(tokenizer_object=wordy, unk_token="[UNK]")
        fast.save_pretrained(path)
        return config

    @pytest.mark.parametrize("family", pretrained.FAMILIES)
    def test_every_family_gives_weights_that_sum_to_one(self, family, tmp_path):
        self.save(family, tmp_path)
        model = pretrained.load(str(tmp_path), OWN, silent)
        tokens, maps = model.read(TEXT.replace("Tom", "zebra"))
        if family != "qwen2":  # the package splits its texts in a way of its own
            said = " ".join(token.text for token in tokens)
            assert said == "Mary called zebra because she was tired ."
            assert [token.text for token in tokens if not token.known] == ["zebra"]
        assert maps.shape == (2, 4, len(tokens), len(tokens))
        assert np.allclose(maps.sum(-1), 1, atol=1e-5)
        causal = family in ("gpt2", "llama", "mistral", "qwen2")
        assert (np.triu(maps[0, 0], 1).max() == 0) == causal

    def test_a_checkpoint_of_something_else_is_noticed(self, tmp_path):
        self.save("llama", tmp_path)
        config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
        config["num_hidden_layers"] = 3
        (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
        assert trouble_of(tmp_path).kind == "missing"
