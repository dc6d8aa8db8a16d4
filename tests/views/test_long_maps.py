"""The benchmark of long maps: its pages run, and it says whether the goal is met."""

from benchmarks import long_maps


def test_the_lab_answers_changes(monkeypatch, tmp_path):
    monkeypatch.setenv("HEADROOM_DATA", str(tmp_path))
    small = long_maps.LARGE | {"queries": "64", "keys": "64"}
    assert len(long_maps.changes(small, long_maps.ZOOMS, 3)) == 3


def test_the_verdict():
    lines = long_maps.table([("lab, x", 0.1, 0.2), ("lab, y", 0.2, 0.2), ("st.pyplot", 9.0, 9.0)])
    assert [line.rsplit(maxsplit=1)[-1] for line in lines[1:]] == ["met", "missed", "ms"]
