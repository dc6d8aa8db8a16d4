"""The benchmark of growth measures what it says: the right functions, and the right slope."""

import math

import pytest
import torch

from benchmarks import attention_scaling as scaling
from views.lab_cost_measure import peak_so_far
from views.lab_cost_methods import LEAN, draw_three
from views.lab_cost_setup import FUSED

EXACT = ("fused kernel", scaling.FLASH, "flash with backward")


def draw(length):
    return draw_three(scaling.HEADS, scaling.DIM, length)


def test_exponent_is_the_slope_of_the_logarithms():
    lengths = (1, 2, 4, 8)
    assert scaling.exponent({n: 3.0 * n**2 for n in lengths}) == pytest.approx(2)
    assert scaling.exponent(dict.fromkeys(lengths, 7.0)) == pytest.approx(0)
    assert scaling.exponent({1: 1.0, 2: 10.0, 4: 20.0, 8: 40.0}, floor=5.0) == pytest.approx(1)
    assert math.isnan(scaling.exponent({4: 1.0}))


@pytest.mark.parametrize("name", scaling.METHODS)
def test_every_method_runs_and_exact_ones_agree(name):
    inputs = draw(300 if name not in ("Nyström",) else 320)
    output = scaling.METHODS[name](*inputs)
    assert output.shape == inputs[2].shape
    if name in EXACT:
        torch.testing.assert_close(output, scaling.plain(*inputs), rtol=1e-4, atol=1e-5)


def test_a_window_as_long_as_the_text_is_the_fused_result():
    inputs = draw(scaling.WINDOW)
    expected = LEAN[FUSED](*inputs)
    found = scaling.METHODS[scaling.SLIDING](*inputs)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_peak_sees_a_large_tensor():
    before = peak_so_far(forget=True)
    if before is None:
        pytest.skip("this system does not tell")
    torch.ones(2**23).add_(1)  # 32 MiB
    assert 24 * 2**20 < peak_so_far() - before < 80 * 2**20


def test_verdicts_of_targets():
    times = {name: {4096: 1.0, 8192: 1.0} for name in scaling.METHODS}
    times["fused kernel"] = {4096: 0.5, 8192: 0.5}
    peaks = {name: {1024: 3e7, 2048: 6e7} for name in scaling.METHODS}
    peaks[scaling.FLASH] = {1024: 3e7, 2048: 12e7}
    lines = scaling.targets(times, peaks)
    assert [line.rsplit(maxsplit=1)[-1] for line in lines[1:]] == [
        "met",
        "met",
        "missed",
        "met",
        "met",
        "missed",
    ]
    assert "not measured" in scaling.line("x", math.nan, 1.0)
