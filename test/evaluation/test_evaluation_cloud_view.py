from __future__ import annotations

import numpy as np
import pytest

from rgbt_perception.evaluation.cloud_view import cloud_pictures
from rgbt_perception.frames import Pinhole
from rgbt_perception.geometry.cloud import organised_cloud

RED, BLUE = (220, 20, 20), (20, 20, 220)
CAMERA = Pinhole(160, 120, 140.0, 140.0, 79.5, 59.5)


def cloud_of(
    depth: np.ndarray, color: np.ndarray | None, temperature: np.ndarray | None = None
) -> np.ndarray:
    confidence = np.ones(depth.shape, np.float32)
    return organised_cloud(
        CAMERA, depth.astype(np.float32), color, temperature, confidence, None, 1, 0.0
    )


def two_halves(left: tuple[int, ...], right: tuple[int, ...]) -> np.ndarray:
    color = np.zeros((120, 160, 3), np.uint8)
    color[:, :80], color[:, 80:] = left, right
    return color


def where(picture: np.ndarray, color: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Columns and rows of the pixels of this colour."""
    rows, columns = np.nonzero((picture == np.array(color, np.uint8)).all(axis=-1))
    return columns, rows


def test_camera_view_is_not_mirrored() -> None:
    color = two_halves(RED, BLUE)
    color[:60][:, :80] = (20, 220, 20)
    picture = cloud_pictures(cloud_of(np.full((120, 160), 5.0), color))[0].picture
    red_x, red_y = where(picture, RED)
    blue_x, _ = where(picture, BLUE)
    _, green_y = where(picture, (20, 220, 20))
    assert red_x.max() < blue_x.min()
    assert green_y.max() < red_y.min()
    # The dots of a surface touch each other.
    assert red_x.size + blue_x.size + green_y.size > 0.9 * picture.shape[0] * picture.shape[1]


def test_near_hides_far() -> None:
    # A wall, and straight before it nearer points on every second column, seen by the camera.
    for first, second in ((4.0, 8.0), (8.0, 4.0)):
        depth = np.full((120, 160), first)
        depth[:, 1::2] = second
        color = np.zeros((120, 160, 3), np.uint8)
        color[depth == 4.0], color[depth == 8.0] = RED, BLUE
        cloud = cloud_of(depth, color)
        # Both walls through the same pixels: far points move onto the rays of the near ones.
        far = cloud["z"] == 8.0
        cloud["x"][far] = np.roll(cloud["x"] / cloud["z"], 1, axis=1)[far] * 8.0
        picture = cloud_pictures(cloud)[0].picture
        columns, _ = where(picture[:, 20:-20], RED)
        hidden, _ = where(picture[:, 20:-20], BLUE)
        assert columns.size > 4 * hidden.size


def test_above_looks_down() -> None:
    # A floor: what is near the camera is lower in the picture than what is far from it.
    rows = np.arange(120)[:, None] + np.zeros((1, 160))
    depth = np.where(rows > 70, 1.5 * 140.0 / np.maximum(rows - 59.5, 1.0), np.nan)
    color = np.zeros((120, 160, 3), np.uint8)
    color[:95], color[95:] = BLUE, RED
    picture = cloud_pictures(cloud_of(depth, color))[1].picture
    _, near_rows = where(picture, RED)
    _, far_rows = where(picture, BLUE)
    assert near_rows.mean() > far_rows.mean() + 50


def test_temperature_or_else_depth() -> None:
    depth = np.full((120, 160), 5.0)
    color = two_halves(RED, BLUE)
    captions = [p.caption for p in cloud_pictures(cloud_of(depth, color))]
    assert captions[-1].startswith("from above, depth")
    kelvin = np.full((120, 160), 283.15, np.float32)
    kelvin[:, 80:] = 303.15
    captions = [p.caption for p in cloud_pictures(cloud_of(depth, color, kelvin))]
    assert captions[-1] == "from above, temperature 10 to 30 °C"
    assert len(captions) == 3


def test_cloud_without_colour() -> None:
    pictures = cloud_pictures(cloud_of(np.full((120, 160), 5.0), None))
    assert [p.caption for p in pictures] == ["from above, depth 5 to 10 m"]


def test_dark_colours_are_brightened_and_said_so() -> None:
    dark = two_halves((9, 2, 2), (2, 2, 9))
    picture = cloud_pictures(cloud_of(np.full((120, 160), 5.0), dark))[0]
    assert "brightened" in picture.caption
    assert picture.picture[240, 100, 0] > 60


@pytest.mark.parametrize("known", [0, 1])
def test_cloud_without_points(known: int) -> None:
    depth = np.full((120, 160), np.nan)
    depth.ravel()[:known] = 3.0
    assert cloud_pictures(cloud_of(depth, None)) == []
