"""Pictures of maps: reduction by blocks, stitching, colours, the frame, files to take away."""

import io
import json
import struct
import warnings
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from views.charts import export, heatmap
from views.charts.colours import MASKED, NOT_FINITE, colourise, table
from views.charts.heatmap import Panel, Zoom, encode, shown
from views.charts.tiles import (
    block_factor,
    block_maximum,
    bounds,
    grid_columns,
    largest,
    scale_of,
    stitch,
)

numbers = st.floats(-1e6, 1e6, width=32)
stacks = hnp.arrays(
    np.float32, hnp.array_shapes(min_dims=3, max_dims=3, max_side=9), elements=numbers
)


def panel(values, **options):
    values = np.asarray(values, dtype=np.float32)
    names = tuple(f"head {i}" for i in range(len(values)))
    return Panel("Weights", values, names, "query", "key", "weight", **options)


def unpack(frame):
    (length,) = struct.unpack("<I", frame[:4])
    return json.loads(frame[4 : 4 + length]), np.frombuffer(frame[4 + length :], "<f4")


class TestBlockMaximum:
    @given(stacks, st.integers(1, 12))
    def test_each_block_by_its_maximum(self, values, factor):
        reduced = block_maximum(values, factor)
        count, rows, columns = values.shape
        assert reduced.shape == (count, -(-rows // factor), -(-columns // factor))
        for tile, row, column in np.ndindex(*reduced.shape):
            block = values[
                tile,
                row * factor : (row + 1) * factor,
                column * factor : (column + 1) * factor,
            ]
            assert reduced[tile, row, column] == block.max()

    @given(stacks, st.integers(1, 12))
    def test_by_magnitude_keeps_sign_and_size(self, values, factor):
        reduced = block_maximum(values, factor, magnitude=True)
        for tile, row, column in np.ndindex(*reduced.shape):
            block = values[
                tile,
                row * factor : (row + 1) * factor,
                column * factor : (column + 1) * factor,
            ]
            assert abs(reduced[tile, row, column]) == np.abs(block).max()
            assert reduced[tile, row, column] in block

    def test_thin_diagonal_survives(self):
        reduced = block_maximum(np.eye(1000, dtype=np.float32)[None], 10)[0]
        assert (np.diag(reduced) == 1).all()
        assert reduced.sum() == 100

    def test_input_stays_untouched(self):
        values = np.arange(12, dtype=np.float32).reshape(1, 3, 4)
        before = values.copy()
        block_maximum(values, 2, magnitude=True)
        assert (values == before).all()

    def test_nan_and_masked_blocks(self):
        values = np.full((1, 4, 4), -np.inf, dtype=np.float32)
        values[0, 0, 0] = np.nan
        values[0, 3, 3] = 2.0
        reduced = block_maximum(values, 2)[0]
        assert np.isnan(reduced[0, 0])
        assert reduced[0, 1] == -np.inf
        assert reduced[1, 1] == 2.0

    def test_factor_below_one(self):
        with pytest.raises(ValueError, match="got 0"):
            block_maximum(np.zeros((1, 2, 2), np.float32), 0)

    @given(st.integers(1, 5000), st.integers(1, 5000), st.integers(1, 700))
    def test_factor_fits_the_limit_and_is_least(self, rows, columns, limit):
        factor = block_factor(rows, columns, limit)
        longest = max(rows, columns)
        assert -(-longest // factor) <= limit
        assert factor == 1 or -(-longest // (factor - 1)) > limit


class TestStitch:
    @given(stacks, st.integers(1, 9), st.integers(0, 3))
    def test_every_tile_is_found_again(self, tiles, columns, gap):
        image = stitch(tiles, columns, gap)
        count, height, width = tiles.shape
        seen = np.zeros(image.shape, dtype=bool)
        for index in range(count):
            top, left = (index // columns) * (height + gap), (index % columns) * (width + gap)
            part = np.s_[top : top + height, left : left + width]
            assert (image[part] == tiles[index]).all()
            assert not seen[part].any(), "tiles overlap"
            seen[part] = True
        assert np.isnan(image[~seen]).all()

    @given(st.integers(1, 200), st.integers(1, 50), st.integers(1, 50))
    def test_grid_has_room_for_all_and_no_empty_row(self, count, rows, columns):
        across = grid_columns(count, rows, columns)
        down = -(-count // across)
        assert 1 <= across <= count
        assert across * (down - 1) < count <= across * down

    @pytest.mark.parametrize(("count", "across"), [(1, 1), (2, 2), (4, 2), (8, 4), (12, 4)])
    def test_usual_grids(self, count, across):
        assert grid_columns(count, 16, 16) == across


class TestScale:
    @given(hnp.arrays(np.float32, st.integers(0, 20), elements=st.floats(width=32)))
    def test_bounds_pass_over_what_is_not_finite(self, values):
        finite = values[np.isfinite(values)]
        expected = (finite.min(), finite.max()) if finite.size else (0, 0)
        assert bounds(values) == expected

    @given(numbers, numbers, st.booleans())
    def test_never_of_zero_width_and_holds_all(self, a, b, signed):
        low, high = min(a, b), max(a, b)
        left, right = scale_of(low, high, signed=signed)
        assert left < right
        assert left <= low
        assert high <= right
        if signed:
            assert left == -right

    def test_largest_is_farthest_from_zero(self):
        values = np.array([[[1.0, -3.0], [2.0, 0.0]]], dtype=np.float32)
        assert largest(values) == ((0, 0, 1), -3.0)
        values[0, 1, 1] = np.nan
        index, value = largest(values)
        assert index == (0, 1, 1)
        assert np.isnan(value)
        with pytest.raises(ValueError, match="empty"):
            largest(np.zeros((0, 1, 1), np.float32))


class TestColours:
    @pytest.mark.parametrize("name", ["viridis", "RdBu_r"])
    def test_tables_are_matplotlibs(self, name):
        from matplotlib import colormaps

        theirs = colormaps[name](np.linspace(0, 1, 256))[:, :3] * 255
        assert np.abs(table(name) - theirs).max() <= 5.5

    def test_lightness_of_viridis_rises(self):
        red, green, blue = (table("viridis")[:, c] / 255 for c in range(3))
        lightness = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2
        assert (np.diff(lightness[::4]) > 0).all()

    def test_lookup(self):
        values = np.array([0.0, 1.0, 2.0, -np.inf, np.inf, np.nan], dtype=np.float32)
        image = colourise(values, "viridis", 0.0, 1.0)
        assert tuple(image[0, :3]) == tuple(table("viridis")[0])
        assert tuple(image[1, :3]) == tuple(image[2, :3]) == tuple(table("viridis")[255])
        assert tuple(image[3, :3]) == MASKED
        assert tuple(image[4, :3]) == NOT_FINITE
        assert image[5, 3] == 0
        assert (image[:5, 3] == 255).all()

    def test_unknown_map(self):
        with pytest.raises(KeyError, match="jet"):
            table("jet")


class TestFrame:
    def test_values_arrive_exactly(self):
        values = np.random.default_rng(0).normal(size=(4, 5, 7)).astype(np.float32)
        header, sent = unpack(encode([panel(values)], {}, alt="words"))
        item = header["panels"][0]
        assert (item["count"], item["rows"], item["columns"], item["step"]) == (4, 5, 7, 1)
        part = sent[item["at"] : item["at"] + values.size]
        assert (part.reshape(values.shape) == values).all()

    def test_large_map_is_reduced_and_says_so(self):
        values = np.zeros((1, 2000, 2000), dtype=np.float32)
        values[0, 1999, 0] = 1.0
        header, sent = unpack(encode([panel(values)], {}, alt=""))
        item = header["panels"][0]
        assert item["step"] == 4
        assert max(item["rows"], item["columns"]) <= heatmap.LIMIT
        assert sent[: item["rows"] * item["columns"]].max() == 1.0

    def test_focus_shows_one_map(self):
        values = np.arange(3 * 2 * 2, dtype=np.float32).reshape(3, 2, 2)
        header, sent = unpack(encode([panel(values)], {}, alt="", focus=1))
        assert header["panels"][0]["labels"] == ["head 1"]
        assert sent[:4].tolist() == [4, 5, 6, 7]

    def test_zoom_shows_exact_values(self):
        values = np.arange(4000 * 4000, dtype=np.float32).reshape(1, 4000, 4000)
        part = shown(panel(values), 0, Zoom(100, 200, 300, 400))
        assert part.step == 1
        assert (part.top, part.left) == (100, 300)
        assert (part.tiles[0] == values[0, 100:200, 300:400]).all()

    @given(st.integers(1, 40), st.integers(1, 900), st.integers(1, 900))
    def test_never_more_than_the_limit(self, count, rows, columns):
        values = np.broadcast_to(np.float32(0), (count, rows, columns))
        part = shown(panel(values), None, None, 100)
        down = -(-count // part.columns)
        if max(part.columns, down) <= 100:
            assert part.columns * part.tiles.shape[2] <= 100 or part.tiles.shape[2] == 1
            assert down * part.tiles.shape[1] <= 100 or part.tiles.shape[1] == 1

    def test_factors_give_the_values(self):
        generator = np.random.default_rng(1)
        left = generator.normal(size=(2, 3, 5)).astype(np.float32)
        right = generator.normal(size=(2, 4, 5)).astype(np.float32)
        item = panel(left @ right.transpose(0, 2, 1), left=left, right=right)
        header, sent = unpack(encode([item], {}, alt="", focus=1))
        sent_factors = header["panels"][0]["factors"]
        a = sent[sent_factors["left"] :][: 3 * 5].reshape(3, 5)
        b = sent[sent_factors["right"] :][: 4 * 5].reshape(4, 5)
        assert np.allclose(a @ b.T, item.values[1], rtol=1e-5)


class TestFiles:
    values = np.linspace(-1, 1, 2 * 3 * 4, dtype=np.float32).reshape(2, 3, 4)

    def test_png_has_square_cells_of_one_colour(self):
        item = panel(self.values, signed=True)
        part = shown(item, 0, None)
        data = export.png(part.tiles, part.columns, item.palette, *item.scale)
        image = np.asarray(Image.open(io.BytesIO(data)))
        side = image.shape[1] // 4
        assert image.shape[:2] == (3 * side, 4 * side)
        assert len(np.unique(image[:side, :side].reshape(-1, 4), axis=0)) == 1
        assert tuple(image[0, 0, :3]) == tuple(table("RdBu_r")[0])

    @pytest.mark.parametrize("rows", ["query", "查询"])
    def test_svg_is_drawn_with_axes_in_either_language(self, rows):
        item = Panel("T", self.values, ("head 0", "head 1"), rows, "key", "weight", signed=True)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            data = export.svg(item, shown(item, None, None)).decode()
        ElementTree.fromstring(data)
        assert rows in data
        assert "head 1" in data

    def test_csv_holds_every_value(self):
        item = panel(self.values)
        lines = export.csv(item, shown(item, None, None)).decode("utf-8-sig").splitlines()
        assert lines[0] == "map,row,column,value"
        assert len(lines) == 1 + self.values.size
        name, row, column, value = lines[-1].split(",")
        assert (name, row, column) == ("head 1", "2", "3")
        assert np.float32(value) == self.values[1, 2, 3]

    def test_csv_of_blocks_names_their_first_cell(self):
        item = panel(np.zeros((1, 2000, 2000), np.float32))
        part = shown(item, None, None)
        last = export.csv(item, part).decode("utf-8-sig").splitlines()[-1]
        assert last == f"head 0,{2000 - part.step},{2000 - part.step},0"
