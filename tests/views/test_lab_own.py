"""Own tensors in the lab: reading files that mean well or ill, fitting them, and the page."""

import io
import pickle
import zipfile

import numpy as np
import pytest
import torch
from safetensors.torch import save
from streamlit.testing.v1 import AppTest

import attention
from attention.inputs import draw
from views import lab_call, lab_export, lab_own_fit, lab_own_read, lab_setup
from views.i18n import strings
from views.lab_own import Own
from views.lab_own_read import Unfit, load

NAMES = list(attention.variants())
DIGEST = "0123456789ab"


def npz(compressed=False, **arrays):
    buffer = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(buffer, **arrays)
    return buffer.getvalue()


def archive(**entries):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries.items():
            file.writestr(name.replace("__", "."), content)
    return buffer.getvalue()


def header(shape, descr="<f4"):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        buffer, {"descr": descr, "fortran_order": False, "shape": shape}
    )
    return buffer.getvalue()


def refusal(file, data):
    with pytest.raises(Unfit) as caught:
        load(file, data)
    return caught.value


class TestReading:
    @pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int64, np.bool_])
    def test_arrays_come_as_they_are(self, dtype):
        array = np.arange(6).reshape(2, 3).astype(dtype)
        found = load("x.npz", npz(query=array, key=np.asfortranarray(array)))
        for tensor in found.values():
            assert np.array_equal(tensor.numpy(), array)
            assert tensor.numpy().dtype == dtype

    def test_a_number_has_no_dimensions(self):
        assert load("x.npz", npz(query=np.float32(2)))["query"].shape == ()
        assert refusal("x.npz", npz(a=np.float32(np.nan))).values["index"] == ()

    @pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.bool])
    def test_safetensors(self, dtype):
        given = {"query": torch.ones(2, 3).to(dtype)}
        assert torch.equal(load("x.safetensors", save(given))["query"], given["query"])

    def test_other_byte_orders_and_whole_numbers_without_sign(self):
        found = load("x.NPZ", npz(a=np.arange(3, dtype=">f4"), b=np.arange(3, dtype=np.uint32)))
        assert found["a"].tolist() == found["b"].tolist() == [0, 1, 2]

    def test_a_pickle_is_never_run(self):
        class Trap:
            def __reduce__(self):
                return pytest.fail, ("it was run",)

        assert refusal("x.npz", npz(a=np.array([Trap()], dtype=object))).key in ("dtype", "broken")
        assert refusal("x.npz", pickle.dumps(Trap())).key == "broken"
        assert refusal("x.safetensors", pickle.dumps(Trap())).key == "broken"
        assert refusal("x.pt", b"").key == "file_kind"

    def test_a_bomb_is_refused_before_it_goes_off(self):
        zeros = header((2**26,)) + bytes(2**28)  # 256 MiB of zeros, packed to a few hundred KiB
        data = archive(a__npy=zeros)
        assert len(data) < 2**20
        assert refusal("x.npz", data).key == "too_large"

    def test_a_header_that_promises_too_much_takes_no_memory(self):
        assert refusal("x.npz", archive(a__npy=header((2**40,)) + bytes(64))).key == "cut_off"

    @pytest.mark.parametrize(
        ("arrays", "key", "said"),
        [
            ({"a": np.array([1.0, np.nan])}, "not_finite", (1,)),
            ({"a": np.array([[1.0, np.inf]])}, "not_finite", (0, 1)),
            ({"a": np.zeros((0, 3))}, "empty", (0, 3)),
            ({"a": np.zeros((1,) * 7)}, "dimensions", 7),
            ({"a": np.array(["word"])}, "dtype", "<U4"),
            ({"a": np.array([1j])}, "dtype", "complex128"),
            ({f"a{i}": np.zeros(1) for i in range(65)}, "too_many", 65),
            ({}, "file_empty", None),
        ],
    )
    def test_what_is_wrong_is_named(self, arrays, key, said):
        error = refusal("x.npz", npz(**arrays))
        assert error.key == key
        assert said is None or said in error.values.values()
        for lang in ("en", "zh"):
            strings()[f"lab.own_{key}"][lang].format(**error.values)

    @pytest.mark.parametrize("data", [b"", b"PK\x03\x04", npz(a=np.ones(9))[:-20], b"x" * 99])
    @pytest.mark.parametrize("file", ["x.npz", "x.safetensors"])
    def test_broken_files(self, file, data):
        assert refusal(file, data).key == "broken"

    def test_other_things_in_an_archive(self):
        assert refusal("x.npz", archive(readme__txt=b"hello")).key == "no_array"
        assert refusal("x.npz", archive(a__npy=b"hello")).key == "broken"
        assert refusal("x.npz", bytes(lab_own_read.MAX_FILE + 1)).key == "file_size"


class TestFitting:
    def fit(self, variant, **tensors):
        return lab_own_fit.fit(variant, tensors, torch.float32)

    def wrong(self, variant, **tensors):
        with pytest.raises(Unfit) as caught:
            self.fit(variant, **tensors)
        return caught.value

    @pytest.mark.parametrize("name", [n for n in NAMES if n not in ("rollout",)])
    def test_what_the_lab_would_draw_fits(self, name):
        knobs = lab_call.knobs(name)
        sizes = lab_call.sizes_for_draw(name, knobs.sizes, knobs.defaults())
        found = self.fit(name, **draw(attention.load(name), sizes))
        assert not found.unused
        setup, _ = lab_setup.read({"variant": name}, NAMES, lab_call.knobs)
        call = lab_call.run(setup, given=found.tensors, sizes=found.sizes)
        assert call.refusal == ""
        assert all(call.inputs[n] is x for n, x in found.tensors.items())

    def test_leading_dimensions_are_joined_and_sizes_settled(self):
        found = self.fit("scaled_dot_product", query=torch.ones(2, 3, 5, 7), other=torch.ones(1))
        assert found.tensors["query"].shape == (6, 5, 7)
        assert found.sizes == {"batch": 6, "queries": 5, "dim": 7}
        assert found.unused == ("other",)

    def test_disagreement_is_named(self):
        error = self.wrong("scaled_dot_product", query=torch.ones(4, 5, 7), key=torch.ones(4, 6, 8))
        assert (error.key, error.values["dimension"]) == ("size", "dim")
        assert {error.values["size"], error.values["other"]} == {7, 8}

    def test_products_are_checked(self):
        error = self.wrong(
            "multi_head_latent",
            value_up_weight=torch.ones(2, 3, 4),
            output_weight=torch.ones(8, 7),
        )
        assert error.values == {
            "name": "output_weight",
            "dimension": "heads*value_dim",
            "size": 7,
            "other": 6,
        }

    @pytest.mark.parametrize(
        ("tensors", "key"),
        [
            ({"foo": torch.ones(1)}, "no_name"),
            ({"query": torch.ones(3)}, "rank"),
            ({"query": torch.ones(4, 5, 7, dtype=torch.int64)}, "wants_float"),
            ({"query": torch.ones(4, 5, 7), "mask": torch.ones(4, 5, 8)}, "wants_bool"),
        ],
    )
    def test_wrong_names_ranks_and_dtypes(self, tensors, key):
        assert self.wrong("scaled_dot_product", **tensors).key == key


def page():
    from views.lab import render

    render()


class TestPage:
    def opened(self, tensors=None, trouble=None, **query):
        test = AppTest.from_function(page, default_timeout=120)
        if tensors is not None or trouble:
            test.session_state["lab_own"] = Own("x.npz", DIGEST, tensors or {}, trouble)
        for name, value in ({"own": DIGEST} | query).items():
            test.query_params[name] = value
        test.run()
        assert not test.exception
        return test

    def test_own_tensors_are_what_is_drawn(self):
        query = torch.arange(2.0 * 5 * 3).view(2, 5, 3)
        test = self.opened({"query": query})
        call = test.session_state["lab_call"][1]
        assert torch.equal(call.inputs["query"], query)
        assert call.inputs["key"].shape == (2, 8, 3)
        assert not test.warning
        assert test.number_input(key="lab_told_queries_5").disabled
        assert any("query" in c.value for c in test.caption)
        assert DIGEST in test.query_params["own"]

    def test_the_code_shown_makes_the_same_map(self, monkeypatch, tmp_path):
        import matplotlib.pyplot as plt

        tensors = {"query": torch.randn(2, 5, 3), "mask": torch.ones(5, 8, dtype=torch.bool)}
        test = self.opened(tensors)
        setup, call = test.session_state["lab_setup"], test.session_state["lab_call"][1]
        drawn = []
        monkeypatch.setattr(plt, "imshow", lambda image, **_: drawn.append(image))
        monkeypatch.setattr(plt, "colorbar", lambda: None)
        monkeypatch.setattr(plt, "show", lambda: None)
        monkeypatch.chdir(tmp_path)
        name = f"{lab_export.file_name(setup, 'weights')}.npz"
        (tmp_path / name).write_bytes(lab_export._npz(call))
        exec(compile(lab_export.snippet(setup, "weights", call), "snippet", "exec"), {})
        assert np.array_equal(drawn[0].numpy(), call.stages["weights"].maps[0])

    def test_a_file_that_does_not_fit_says_why_in_place_of_the_map(self):
        test = self.opened({"query": torch.ones(3)})
        assert any("this variant wants" in w.value for w in test.warning)

    def test_a_link_without_its_file_says_so(self):
        test = self.opened()
        assert DIGEST in test.info[0].value
        assert "lab_call" in test.session_state

    def test_trouble_with_the_file_is_told(self):
        test = self.opened(trouble=Unfit("empty", name="[x](y)", shape=(0,)))
        assert "\\[x\\]" in test.error[0].value

    def test_other_views_know_nothing_of_it(self):
        test = self.opened({"query": torch.ones(2, 5, 3)}, tab="compare")
        assert not test.warning
        assert test.session_state["lab_call"][1].inputs["query"].shape == (4, 8, 16)

    def test_a_bad_fingerprint_is_named(self):
        assert r"own=\.\.\/x" in self.opened(own="../x").warning[0].value
