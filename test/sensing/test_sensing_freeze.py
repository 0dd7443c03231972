"""Pictures that repeat."""

from __future__ import annotations

import numpy as np
import pytest

from rgbt_perception.sensing.thermal import FreezeDetector


def noise(seed: int, dtype: type = np.uint16) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 200, (64, 80)).astype(dtype)


def frozen(frames: int, seeds: list[int], dtype: type = np.uint16) -> list[bool]:
    detector = FreezeDetector(frames)
    return [detector.is_frozen(noise(seed, dtype)) for seed in seeds]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        (2, "__##__#_#"),
        (3, "___#_____"),
        (4, "_________"),
        (1, "__##__#_#"),
        (0, "_________"),
    ],
)
def test_a_run_of_equal_pictures_is_a_freeze(frames: int, expected: str, dtype: type) -> None:
    seeds = [0, 1, 1, 1, 2, 3, 3, 4, 4]
    assert frozen(frames, seeds, dtype) == [mark == "#" for mark in expected]


def test_one_changed_pixel_is_a_new_picture() -> None:
    detector = FreezeDetector(2)
    picture = noise(0)
    detector.is_frozen(picture)
    for row, column in ((0, 0), (33, 41), (63, 79)):
        picture[row, column] += 1
        assert not detector.is_frozen(picture)
        assert detector.is_frozen(picture)


def test_unknown_pixels_repeat_too() -> None:
    detector = FreezeDetector(2)
    picture = noise(0, np.float32)
    picture[3, 4] = np.nan
    assert not detector.is_frozen(picture)
    assert detector.is_frozen(picture.copy())


def test_another_size_or_depth_is_a_new_picture() -> None:
    detector = FreezeDetector(2)
    blank = np.zeros((8, 8), np.uint16)
    assert not detector.is_frozen(blank)
    assert not detector.is_frozen(blank[:4])
    assert not detector.is_frozen(blank[:4].astype(np.uint8))


def test_a_view_of_cut_rows_repeats_although_the_telemetry_counts_on() -> None:
    detector = FreezeDetector(2)
    picture = noise(0)
    results = []
    for count in range(3):
        picture[0] = count
        results.append(detector.is_frozen(picture[2:]))
    assert results == [False, True, True]
