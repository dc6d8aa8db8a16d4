"""What holds for every variant that is found: metadata, drawing, dtypes, stages, gradients."""

import inspect
import re

import pytest
import torch
from torch import Tensor

import attention
from attention.inputs import draw, shapes
from attention.stages import record

VARIANTS = attention.variants()
EXACT = (torch.float32, torch.float64)
SIZES = {"batch": 2, "heads": 4, "kv_heads": 2, "queries": 5, "keys": 7, "length": 12, "dim": 8}
SIZES |= {"value_dim": 6, "model": 20, "context_dim": 9, "latent": 10, "rank": 3, "features": 11}
READS_INPUTS = ("padding", "paged", "tree")  # lengths and parents are read as numbers
CAUSAL = [
    "alibi",
    "attention_sinks",
    "causal",
    "document",
    "forgetting",
    "gated_delta",
    "gated_linear",
    "kv_cache",
    "linear_chunked",
    "lightning_indexer",
    "moba",
    "multi_head_latent",
    "multi_head_latent_absorbed",
    "native_sparse",
    "retention",
    "rolling_cache",
    "rwkv",
    "scalable_softmax",
    "sliding_window",
    "sparse_transformer",
    "state_space_dual",
    "transformer_xl",
]


def arguments(name, seed=0, dtype=torch.float32, sizes=None):
    """Drawn tensors and the default of every parameter of a variant."""
    variant = VARIANTS[name]
    values = {key: entry["default"] for key, entry in variant.parameters.items()}
    return {**values, **draw(attention.load(name), sizes or {}, seed, dtype)}


def alternatives(entry):
    """What a parameter may be besides its default, if it is not a number."""
    if isinstance(entry["default"], bool):
        return [not entry["default"]]
    return [choice for choice in entry.get("choices", []) if choice != entry["default"]]


def choices(name):
    """The defaults, and every other choice of one parameter."""
    yield {}
    for key, entry in VARIANTS[name].parameters.items():
        for choice in alternatives(entry):
            yield {key: choice}


def tensors(result):
    return [item for item in result if isinstance(item, Tensor)]


@pytest.mark.parametrize("name", VARIANTS)
class TestEveryVariant:
    def test_metadata_is_whole(self, name):
        variant = VARIANTS[name]
        assert set(variant.title) == {"en", "zh"}
        assert all(text.strip() for text in variant.title.values())
        assert any("一" <= character <= "鿿" for character in variant.title["zh"])
        assert variant.family in attention.FAMILIES
        assert 1990 < variant.year < 2027
        assert variant.paper
        assert variant.url.startswith("https://")

    def test_parameters_are_those_of_the_function(self, name):
        signature = inspect.signature(attention.load(name)).parameters
        for key, entry in VARIANTS[name].parameters.items():
            assert key in signature
            default = entry["default"]
            if "choices" in entry:
                assert default in entry["choices"]
            elif not isinstance(default, bool):
                assert entry["min"] <= default <= entry["max"]
                assert entry["step"] > 0
            if signature[key].default is not inspect.Parameter.empty:
                assert signature[key].default == default

    def test_docstring_tells_source_and_cost(self, name):
        text = inspect.getmodule(attention.load(name)).__doc__
        assert str(VARIANTS[name].year) in text.splitlines()[0]
        assert "ime O(" in text
        assert "emory" in text

    def test_file_is_short(self, name):
        lines = attention.source(name).splitlines()
        start = next(i for i, line in enumerate(lines) if line.startswith("def "))
        assert len(lines) - start <= 75, "the code of a variant is read in one look"

    @pytest.mark.parametrize("dtype", EXACT, ids=str)
    def test_runs_in_its_dtype(self, name, dtype):
        result = attention.load(name)(**arguments(name, dtype=dtype))
        assert isinstance(result, tuple)
        assert len(result) == 2
        assert result[0].dtype == dtype
        assert all(item.isfinite().all() for item in tensors(result))

    def test_float32_agrees_with_float64(self, name):
        function = attention.load(name)
        single = function(**arguments(name, dtype=torch.float32))[0].double()
        double = function(**arguments(name, dtype=torch.float64))[0]
        if VARIANTS[name].family == "quantised":  # rounding to a level may flip at its edge
            assert (single - double).abs().max() < 0.05
        else:
            torch.testing.assert_close(single, double, rtol=2e-3, atol=2e-4)

    def test_half_precisions_stay_close(self, name):
        function = attention.load(name)
        exact = function(**arguments(name, dtype=torch.float64))[0]
        for dtype, tolerance in ((torch.bfloat16, 0.25), (torch.float16, 0.05)):
            half = function(**arguments(name, dtype=dtype))[0]
            assert half.dtype == dtype
            assert half.isfinite().all()
            assert (half.double() - exact).norm() / exact.norm() < tolerance

    def test_stages_are_recorded_and_change_nothing(self, name):
        function, given = attention.load(name), arguments(name)
        with record() as stages:
            recorded = function(**given)
        assert "output" in stages
        plain = function(**given)
        for left, right in zip(tensors(recorded), tensors(plain), strict=True):
            assert torch.equal(left, right)

    def test_inputs_stay_untouched(self, name):
        given = arguments(name)
        before = {key: x.clone() for key, x in given.items() if isinstance(x, Tensor)}
        attention.load(name)(**given)
        for key, tensor in before.items():
            assert torch.equal(given[key], tensor), key

    def test_gradients_are_finite_and_reach_every_input(self, name):
        given = arguments(name, dtype=torch.float64)
        leaves = {k: x for k, x in given.items() if isinstance(x, Tensor) and x.is_floating_point()}
        for leaf in leaves.values():
            leaf.requires_grad_()
        text = inspect.getmodule(attention.load(name)).__doc__
        if "Gives no gradient" in text:
            assert not attention.load(name)(**given)[0].requires_grad
            return
        for settings in choices(name):  # an input may be used by one choice only
            output = attention.load(name)(**{**given, **settings})[0]
            (output * torch.randn_like(output)).sum().backward()
        without = re.findall(r"No gradient reaches ([\w, ]+)", text)
        for key, leaf in leaves.items():
            if any(key in names.split(", ") for names in without):
                assert leaf.grad is None, key
                continue
            assert leaf.grad is not None, key
            assert leaf.grad.isfinite().all(), key
            assert leaf.grad.any(), key

    def test_runs_with_all_sizes_different(self, name):
        function = attention.load(name)
        settings = {key: entry["default"] for key, entry in VARIANTS[name].parameters.items()}
        free = {key: size for key, size in SIZES.items() if key not in VARIANTS[name].sizes}
        # What is returned has the annotated shape: that is checked while the function runs.
        output, _ = function(**{**settings, **draw(function, free)})
        assert output.isfinite().all()

    def test_batch_items_are_independent(self, name):
        function, given = attention.load(name), arguments(name, sizes={"batch": 3})
        dims = {key: shape.split() for key, shape in shapes(function).items()}
        axes = {
            key: words.index(word)
            for key, words in dims.items()
            for word in ("batch", "*batch")
            if word in words and key in given
        }
        if not axes:
            pytest.skip("has no batch")
        together = function(**given)[0]
        alone = {k: x.narrow(axes[k], 1, 1) if k in axes else x for k, x in given.items()}
        torch.testing.assert_close(function(**alone)[0], together[1:2], rtol=1e-4, atol=1e-5)

    def test_the_same_seed_gives_the_same(self, name):
        function = attention.load(name)
        first, second = (function(**arguments(name, seed=7))[0] for _ in range(2))
        assert torch.equal(first, second)


@pytest.mark.parametrize("name", sorted(set(VARIANTS) - set(READS_INPUTS)))
def test_all_work_happens_on_the_device_of_the_inputs(name):
    """Tensors on the meta device have no data, and mix with those of no other device."""
    given = arguments(name)
    moved = {k: x.to("meta") if isinstance(x, Tensor) else x for k, x in given.items()}
    assert attention.load(name)(**moved)[0].device.type == "meta"


@pytest.mark.skipif(not torch.accelerator.is_available(), reason="no accelerator here")
def test_every_variant_works_on_the_accelerator():
    device = torch.accelerator.current_accelerator()
    for name in VARIANTS:
        given = arguments(name)
        moved = {k: x.to(device) if isinstance(x, Tensor) else x for k, x in given.items()}
        here, there = attention.load(name)(**given)[0], attention.load(name)(**moved)[0]
        assert there.device.type == device.type, name
        assert torch.allclose(there.cpu(), here, rtol=1e-2, atol=2e-3), name


@pytest.mark.parametrize("name", CAUSAL)
def test_causal_variants_never_look_ahead(name):
    function, given = attention.load(name), arguments(name, dtype=torch.float64)
    before = function(**given)[0]
    for key, shape in shapes(function).items():
        words = shape.split()
        axis = next((i for i, w in enumerate(words) if w in ("length", "queries", "keys")), None)
        if axis is not None and key in given and given[key].is_floating_point():
            axis -= len(words)  # from the end: what the leading dimensions are does not matter
            late = given[key].narrow(axis, given[key].shape[axis] - 3, 3)
            late += torch.randn_like(late)
    after = function(**given)[0]
    torch.testing.assert_close(after[..., :-3, :], before[..., :-3, :])
    assert not torch.allclose(after[..., -3:, :], before[..., -3:, :])


def test_there_are_variants():
    assert {"scaled_dot_product", "multi_head", "cross", "causal"} <= set(VARIANTS)


def test_shapes_are_checked_in_these_tests():
    function = attention.load("scaled_dot_product")
    with pytest.raises(TypeError):
        function(torch.zeros(2, 3), torch.zeros(2, 4), torch.zeros(2, 3))
