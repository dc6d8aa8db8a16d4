"""The lab's Cost view: measuring in the background, figures and charts, caches of public models."""

import io
import time
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

import attention
from views import lab_call, lab_cost_cache, lab_cost_methods, lab_cost_panels, lab_setup
from views.charts import loglog
from views.i18n import strings
from views.lab_cost_job import OWN, Bench, Busy, Limits, Request
from views.lab_cost_measure import counts
from views.lab_cost_models import CONTEXTS, GIB, MODELS
from views.lab_cost_series import fit
from views.lab_cost_setup import FUSED, Cost

NAMES = list(attention.variants())
PATIENCE = 240.0  # s; the first figure waits for torch to be imported on a busy machine


def page():
    from views.lab import render

    render()


def opened(lang="en", **query):
    test = AppTest.from_function(page, default_timeout=120)
    test.session_state["language"] = lang
    test.query_params["tab"] = "cost"
    for name, value in query.items():
        test.query_params[name] = value
    return test.run()


def figures():
    return {
        name: {
            n: {"seconds": scale * n**2, "peak": 10**4 * n, "flops": n**2, "traffic": 4 * n}
            for n in (512, 1024, 2048)
        }
        for name, scale in (("scaled_dot_product", 1e-6), (FUSED, 2e-6))
    }


class TestCounting:
    def test_products_are_counted_exactly(self):
        heads, dim, length = 2, 16, 96
        work = lab_cost_methods.prepare("scaled_dot_product", heads, dim, length)
        assert counts(work)[0] == 2 * 2 * heads * length**2 * dim

    def test_the_fused_kernel_is_counted_too_and_moves_its_inputs_and_output_alone(self):
        flops, traffic = counts(lab_cost_methods.prepare(FUSED, 2, 16, 96))
        assert flops == 2 * 2 * 2 * 96**2 * 16
        four = 4 * (2 * 96 * 16) * 4
        assert four <= traffic <= 1.2 * four

    def test_views_move_nothing_and_an_expanded_tensor_is_one(self):
        x = torch.ones(10)
        assert counts(lambda: x.view(2, 5).transpose(0, 1))[1] == 0
        assert counts(lambda: x[:1].expand(1000).sum())[1] == 4 + 4

    @pytest.mark.parametrize("name", [n for n in NAMES if lab_cost_methods.measurable(n)])
    def test_every_variant_that_is_offered_can_be_called_at_any_length(self, name):
        with torch.no_grad():
            short = counts(lab_cost_methods.prepare(name, 2, 16, 128))
            long = counts(lab_cost_methods.prepare(name, 2, 16, 256))
        assert long[1] > short[1]

    @pytest.mark.parametrize("name", [FUSED, "causal", "grouped_query", "performer"])
    def test_the_code_shown_makes_the_same_call(self, name):
        code = lab_cost_panels.code_of((name,), (64,), 2, 16)
        space = {}
        exec(compile(code, "snippet", "exec"), space)
        assert counts(space["prepare"](64)) == counts(lab_cost_methods.prepare(name, 2, 16, 64))


class TestJob:
    def request(self, *names, lengths=(64, 128), seconds=PATIENCE):
        return Request(names, lengths, 1, 16, 2**30, seconds)

    def finished(self, job):
        deadline = time.monotonic() + PATIENCE
        while not job.over and time.monotonic() < deadline:
            time.sleep(0.05)
        return job

    def test_figures_come_and_one_refusal_does_not_stop_the_rest(self):
        job = self.finished(Bench(OWN).submit(self.request("no_such_variant", FUSED)))
        assert job.state == "done"
        assert "no_such_variant" in job.refusals["no_such_variant"]
        assert list(job.figures[FUSED]) == [64, 128]
        assert job.done == job.total == 4
        assert job.figures[FUSED][128]["flops"] == 4 * job.figures[FUSED][64]["flops"]

    def test_stopping_ends_the_process_and_the_next_has_its_turn(self):
        bench = Bench(OWN)
        job = bench.submit(self.request("causal", lengths=(64, 16384)))
        second = bench.submit(self.request(FUSED, lengths=(64,)))
        while job.process is None:
            time.sleep(0.01)
        assert bench.before(second) == 1
        bench.stop(job)
        assert job.state == "stopped"
        assert job.process.wait(10) is not None
        assert self.finished(second).state == "done"

    def test_a_waiting_one_is_taken_out_and_a_full_queue_says_so(self):
        bench = Bench(Limits(longest=64, seconds=60, room=2**20, waiting=1))
        first, second = (bench.submit(self.request(FUSED)) for _ in range(2))
        with pytest.raises(Busy):
            bench.submit(self.request(FUSED))
        bench.stop(second)
        assert (second.state, second.process) == ("stopped", None)
        bench.stop(first)

    def test_time_is_limited(self):
        job = self.finished(Bench(OWN).submit(self.request(FUSED, seconds=0.3)))
        assert job.state == "late"

    def test_what_is_foreseen_to_need_too_much_memory_is_left_out(self):
        request = Request(("scaled_dot_product",), (512, 1024, 2048), 2, 16, 2**22, PATIENCE)
        job = self.finished(Bench(OWN).submit(request))
        assert job.state == "done"
        assert max(job.figures["scaled_dot_product"]) < 2048
        assert job.done == job.total


class TestFigures:
    def charts(self):
        return lab_cost_panels.charts(figures(), tuple(figures()), (512, 1024, 2048), str)

    def test_the_fit_finds_power_and_factor(self):
        assert fit({n: 3e-6 * n**1.5 for n in (64, 128, 256)}) == pytest.approx((1.5, 3e-6))

    def test_exponents_stand_in_the_key(self):
        seconds, peak, *_ = self.charts()
        assert [line.note for line in seconds.lines] == ["∝ n^2.00"] * 2
        assert [line.note for line in peak.lines] == ["∝ n^1.00"] * 2

    def test_the_picture_is_xml_with_alternative_text(self):
        chart = self.charts()[0]
        root = ET.fromstring(loglog.svg(chart, lab_cost_panels.alt(chart) + ' <&">'))
        assert "n^2.00" in root.attrib["aria-label"]
        assert len(root.findall(".//{*}title")) == 6
        ET.fromstring(loglog.svg(lab_cost_panels.charts({}, (FUSED,), (64,), str)[0], "empty"))

    @pytest.mark.parametrize("background", ["#ffffff", "#131817"])
    def test_colours_stand_out_on_both_pages(self, background):
        assert min(contrast(colour, background) for colour in loglog.COLOURS) >= 3

    def test_lines_differ_in_more_than_colour(self):
        assert len(set(loglog.MARKERS)) == len(set(loglog.COLOURS)) == 6

    @pytest.mark.parametrize(("low", "high"), [(0.3, 4.0), (0.001, 1e6), (7.0, 8e3), (99, 101)])
    def test_ticks_are_round_and_inside(self, low, high):
        found = loglog.ticks(low, high)
        assert all(low <= tick <= high for tick in found)
        assert len(found) <= 9

    @pytest.mark.parametrize(("kind", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
    def test_files(self, kind, start):
        assert loglog.picture(self.charts(), kind).startswith(start)

    def test_tables_hold_every_figure(self):
        lines = lab_cost_panels.table_file(figures()).decode("utf-8-sig").splitlines()
        assert len(lines) == 1 + 6
        assert lines[1].split(",")[:2] == ["scaled_dot_product", "512"]
        arrays = np.load(io.BytesIO(lab_cost_panels.arrays_file(figures())))
        assert arrays[f"{FUSED}_flops"].tolist() == [512**2, 1024**2, 2048**2]


def contrast(first, second):
    def light(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    bright, dark = sorted((light(first), light(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


class TestCache:
    def test_known_sizes(self):
        # 2 · 32 layers · 32 heads · 128 · 2 bytes = 512 KiB a token, as often quoted for Llama 2.
        assert MODELS["llama-2-7b"].per_token() == 512 * 1024
        assert MODELS["llama-3.1-70b"].cache(131072) == 40 * GIB
        assert MODELS["deepseek-v2"].per_token() == 60 * (512 + 64) * 2

    def test_kinds_and_savings(self):
        kinds = {name: model.kind for name, model in MODELS.items()}
        assert kinds["llama-2-7b"] == "MHA"
        assert kinds["llama-2-70b"] == "GQA"
        assert kinds["falcon-7b"] == "MQA"
        assert kinds["deepseek-v3"] == "MLA"
        for model in MODELS.values():
            assert model.per_token() / 2 < model.per_token("int8") < 0.6 * model.per_token()
            assert model.as_mha() >= model.per_token()
            assert model.heads % model.kv_heads == 0
            assert model.url.startswith("https://arxiv.org/abs/")

    def test_a_window_stops_the_growth(self):
        model = MODELS["mistral-7b"]
        assert model.cache(8192) == model.cache(4096) == 2 * model.cache(2048)

    def test_lines_end_where_the_model_does(self):
        chart = lab_cost_cache.chart(Cost())
        ends = {line.name: line.points[-1][0] for line in chart.lines}
        assert ends["Llama 2 7B"] == 4096
        assert ends["DeepSeek-V3"] == CONTEXTS[-1]

    def test_the_code_prints_the_sizes(self, capsys):
        cost = Cost(context=4096, batch=2)
        exec(compile(lab_cost_cache.snippet(cost), "snippet", "exec"), {})
        said = capsys.readouterr().out.splitlines()
        for line, name in zip(said, cost.models, strict=True):
            size = MODELS[name].cache(4096, 2) / GIB
            assert line == f"{MODELS[name].name}: {size:.2f} GiB"

    def test_files(self):
        arrays = np.load(io.BytesIO(lab_cost_cache.arrays_file(Cost(batch=3))))
        assert arrays["llama-2-7b_bf16"][0] == 3 * 1024 * 512 * 1024
        assert len(lab_cost_cache.table_file(Cost()).splitlines()) == 1 + 4 * 2 * len(CONTEXTS)


class TestPage:
    @pytest.mark.parametrize("lang", ["en", "zh"])
    def test_it_opens_and_measures_nothing_unasked(self, lang):
        test = opened(lang)
        assert not test.exception
        assert not test.warning
        assert "lab_cost_job" not in test.session_state
        assert strings()["lab.cost_measured"][lang] in [s.value for s in test.subheader]

    def test_a_link_comes_back(self):
        query = {"cost": "flash,rotary", "cost_longest": "512", "cost_heads": "3"}
        query |= {"cost_dim": "32", "cost_models": "-", "cost_context": "4096"}
        query |= {"cost_batch": "9", "cost_stored": "int8"}
        test = opened(**query)
        assert not test.exception
        assert not test.warning
        single = {k: v[0] if isinstance(v, list) else v for k, v in test.query_params.items()}
        assert single == query | {"tab": "cost"}

    @pytest.mark.parametrize(
        ("name", "value", "used"),
        [
            ("cost", "flash,nonsense", "flash"),
            ("cost", ",", "scaled_dot_product,fused_kernel,flash,sliding_window"),
            ("cost_longest", "99", "2048"),
            ("cost_heads", "0", "1"),
            ("cost_models", "gpt-7", "llama-2-7b,llama-3.1-8b,llama-3.1-70b,deepseek-v3"),
            ("cost_stored", "fp3", "bf16"),
        ],
    )
    def test_a_bad_value_is_named_and_replaced(self, name, value, used):
        query = {"tab": "cost", name: value}
        _, complaints = lab_setup.read(query, NAMES, lab_call.knobs)
        assert [(c.name, c.value, c.used) for c in complaints] == [(name, value, used)]

    def test_a_measurement_from_the_button_to_the_table(self):
        test = opened(cost=FUSED, cost_longest="512", cost_heads="1", cost_dim="16")
        test.button(key="lab_cost_start").click().run()
        assert test.button(key="lab_cost_stop")
        job = test.session_state["lab_cost_job"]
        deadline = time.monotonic() + PATIENCE
        while not job.over and time.monotonic() < deadline:
            time.sleep(0.1)
        test.run()
        assert not test.exception
        assert strings()["lab.cost_done"]["en"] in [c.value for c in test.caption]
        assert "PyTorch's fused kernel" in str(test.dataframe[0].value)

    def test_strangers_get_shorter_lengths(self, monkeypatch):
        from views import lab_cost

        monkeypatch.setattr(lab_cost, "reachable_by_others", lambda: True)
        test = opened(cost_longest="16384")
        assert "16384" not in test.selectbox(key="lab_cost_longest").options
        assert lab_cost.limits().seconds < OWN.seconds
