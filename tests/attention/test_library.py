"""Finding variants, recording stages, drawing inputs."""

import subprocess
import sys
import threading

import pytest
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

import attention
from attention.inputs import draw, shapes
from attention.stages import record, stage


def test_listing_variants_imports_no_torch():
    code = "import attention, sys; attention.variants(); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_file_is_a_variant_or_a_helper():
    found = attention.variants()
    files = {path.stem for path in attention._FOLDER.glob("*.py")}
    assert files - set(found) == {"__init__", "stages", "inputs"}


def test_unknown_names_are_named():
    for ask in (attention.load, attention.source):
        for name in ("scaled_dot_produkt", "stages", "__init__", "../app", ""):
            with pytest.raises(
                KeyError, match=f"no attention variant '{name}'; there are: additive"
            ):
                ask(name)


def test_new_file_appears_and_a_broken_one_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(attention, "_FOLDER", tmp_path)
    text = (
        'VARIANT = {"title": {"en": "A", "zh": "甲"}, "family": "core", "year": 2020, '
        '"paper": "P", "url": "https://x"}\n'
    )
    (tmp_path / "fresh.py").write_text(text, encoding="utf-8")
    (tmp_path / "helper.py").write_text("x = 1\n", encoding="utf-8")
    assert list(attention.variants()) == ["fresh"]
    (tmp_path / "other.py").write_text("\n" + text.replace('"core"', '"cores"'), encoding="utf-8")
    with pytest.raises(ValueError, match=r"other\.py:2: unknown family 'cores'"):
        attention.variants()
    (tmp_path / "other.py").write_text(text.replace('"year"', '"jahr"'), encoding="utf-8")
    with pytest.raises(ValueError, match=r"other\.py:1: VARIANT: .*year"):
        attention.variants()


def test_stage_returns_the_same_tensor_and_notes_only_inside():
    x = torch.ones(2)
    assert stage("x", x) is x
    with record() as notes:
        assert stage("x", x) is x
        stage("x", x + 1)
        with record() as inner:
            stage("y", x)
    stage("z", x)
    assert list(notes) == ["x", "x 2"]
    assert list(inner) == ["y"]


def test_recordings_of_threads_do_not_mix():
    with record() as notes:
        thread = threading.Thread(target=stage, args=("elsewhere", torch.ones(1)))
        thread.start()
        thread.join()
    assert notes == {}


def example(
    x: Float[Tensor, "*batch length dim"],
    qkv_weight: Float[Tensor, "3*model model"],
    positions: Int[Tensor, " length"],
    split_weight: Float[Tensor, "{num_heads}*dim dim"],
    num_heads: int,
    mask: Bool[Tensor, "#length #length"] | None = None,
):
    """Something to draw for."""


def test_draw_reads_the_annotations():
    sizes = {"batch": 3, "length": 5, "dim": 2, "num_heads": 7}
    given = draw(example, sizes, seed=1, dtype=torch.float64)
    assert set(given) == {"x", "qkv_weight", "positions", "split_weight"}
    assert given["x"].shape == (3, 5, 2)
    assert given["x"].dtype == torch.float64
    assert given["qkv_weight"].shape == (96, 32)
    assert abs(given["qkv_weight"].std().item() - 32**-0.5) < 0.02
    assert given["positions"].tolist() == [0, 1, 2, 3, 4]
    assert given["split_weight"].shape == (14, 2)
    assert shapes(example)["mask"] == "#length #length"


def test_draw_is_reproducible_and_independent_of_dtype():
    first, second, other = (draw(example, {"num_heads": 2}, seed)["x"] for seed in (3, 3, 4))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    double = draw(example, {"num_heads": 2}, 3, torch.float64)["x"]
    assert torch.equal(double.float(), first)


def test_draw_names_a_dimension_without_size():
    def strange(x: Float[Tensor, "length wibble"]):
        """Has a dimension nobody knows."""

    with pytest.raises(ValueError, match="x: no size for dimension 'wibble'"):
        draw(strange)
