from __future__ import annotations

from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgbt_perception.evaluation.film import (
    FRAMES,
    KINDS,
    WIDTH,
    Film,
    Sheet,
    film_frames,
    make_film,
)
from rgbt_perception.evaluation.moments import Moment, collect_moments
from rgbt_perception.evaluation.run_folder import OUTPUT_TOPICS, open_run
from rgbt_perception.frames import Mode

PLENTY = 10**9


def moment(i: int, **pictures: object) -> Moment:
    return Moment(0.1 * i, Mode.FULL, np.full((80, 100), 2.0 + i, np.float32), **pictures)


def film_of(moments: list[Moment]) -> Film:
    film = make_film(moments, PLENTY)
    assert film is not None
    return film


def sheet_of(film: Film, name: str) -> Sheet:
    return next(sheet for sheet in film.sheets if sheet.kind.name == name)


def tile_of(sheet: Sheet, frame: int) -> np.ndarray:
    """What a player would show, RGB."""
    picture = cv2.imdecode(np.frombuffer(sheet.jpeg, np.uint8), cv2.IMREAD_COLOR)
    row, column = divmod(sheet.tiles[frame], sheet.columns)
    top, left = row * sheet.tile_height, column * sheet.tile_width
    return picture[top : top + sheet.height, left : left + sheet.width, ::-1]


@given(st.integers(1, 100_000))
def test_frames_are_few_and_evenly_spread(count: int) -> None:
    frames = film_frames(count)
    assert len(frames) == min(count, FRAMES)
    assert frames[0] == 0
    assert frames[-1] == count - 1
    steps = np.diff(frames)
    assert steps.size == 0 or (steps.min() >= 1 and steps.max() - steps.min() <= 1)


def test_every_frame_shows_its_own_picture() -> None:
    grey = [10 * i for i in range(23)]
    film = film_of(
        [moment(i, color=np.full((80, 100, 3), g, np.uint8)) for i, g in enumerate(grey)]
    )
    sheet = sheet_of(film, "rgb")
    assert (sheet.width, sheet.height) == (100, 80)
    for i, value in enumerate(grey):
        tile = tile_of(sheet, i)
        assert np.abs(tile.astype(int) - value).max() <= 6
    assert film.times_s == pytest.approx([0.1 * i for i in range(23)])


def test_wide_pictures_are_shrunk_to_their_shape() -> None:
    film = film_of([moment(0, color=np.zeros((300, 600, 3), np.uint8))])
    sheet = sheet_of(film, "rgb")
    assert (sheet.width, sheet.height) == (WIDTH, WIDTH // 2)
    assert sheet.tile_width % 16 == sheet.tile_height % 16 == 0


def test_silent_camera_takes_no_tile() -> None:
    picture = np.full((80, 100, 3), 90, np.uint8)
    film = film_of([moment(0, color=picture), moment(1), moment(2, color=picture)])
    assert sheet_of(film, "rgb").tiles == (0, -1, 1)
    assert sheet_of(film, "depth").tiles == (0, 1, 2)
    names = [sheet.kind.name for sheet in film.sheets]
    assert names == ["rgb", "depth"]


def test_one_depth_scale_for_depth_and_truth() -> None:
    truth = np.full((80, 100), 3.0, np.float32)
    film = film_of([moment(0), moment(1, truth=truth), moment(30)])
    # Depth 3 m in frame 1, and true depth 3 m: the same colour.
    measured = tile_of(sheet_of(film, "depth"), 1).mean(axis=(0, 1))
    true = tile_of(sheet_of(film, "truth"), 1).mean(axis=(0, 1))
    np.testing.assert_allclose(measured, true, atol=6)
    # Near is red, far is blue.
    near, far = (tile_of(sheet_of(film, "depth"), i).mean(axis=(0, 1)) for i in (0, 2))
    assert near[0] > near[2] + 50
    assert far[2] > far[0] + 50


def test_thermal_picture_does_not_flicker() -> None:
    scene = np.tile(np.linspace(1000, 2000, 100).astype(np.uint16), (80, 1))
    hot = scene.copy()
    hot[:40] = 9000  # one frame with something hot: the rest keeps its brightness
    counts = [scene] * 4 + [hot] + [scene] * 4
    film = film_of([moment(i, thermal=c) for i, c in enumerate(counts)])
    sheet = sheet_of(film, "thermal")
    before, during = (tile_of(sheet, i)[60].astype(int) for i in (3, 4))
    assert np.abs(before - during).max() < 12


def test_film_fits_or_is_left_out() -> None:
    noise = np.random.default_rng(1)
    moments = [
        moment(i, color=noise.integers(0, 256, (180, 240, 3), dtype=np.uint8)) for i in range(20)
    ]
    large = film_of(moments)
    small = make_film(moments, large.size // 4)
    assert small is not None
    assert small.size <= large.size // 4
    assert len(small.times_s) == 20
    assert make_film(moments, 1000) is None


def test_further_kinds_are_shown_when_the_run_has_them(
    synthetic: ModuleType, tmp_path: Path
) -> None:
    run = open_run(synthetic.write_run(tmp_path, synthetic.Plan(further=True)))
    further = [kind.output for kind in KINDS if kind.output]
    assert set(further) <= set(OUTPUT_TOPICS)
    film = film_of(collect_moments(run, [0, 1], width=WIDTH, further=further))
    names = [sheet.kind.name for sheet in film.sheets]
    assert names == ["rgb", "thermal", "depth", "confidence", "fused", "labels", "truth"]
    fused, labels = (tile_of(sheet_of(film, name), 1).mean(axis=(0, 1)) for name in names[4:6])
    assert fused[0] > 150 > fused[2]
    assert labels[2] > 150 > labels[0]


def test_held_pictures_are_small(synthetic: ModuleType, tmp_path: Path) -> None:
    run = open_run(synthetic.write_run(tmp_path, synthetic.Plan(width=160, height=128)))
    for shown in collect_moments(run, [0, 1], width=40):
        for picture in (shown.depth, shown.confidence, shown.color, shown.thermal, shown.truth):
            assert picture is not None
            assert picture.shape[:2] == (32, 40)
