from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgbt_perception.evaluation.cloud_points import PackedCloud, packed_cloud
from rgbt_perception.frames import Pinhole
from rgbt_perception.geometry.cloud import organised_cloud

CAMERA = Pinhole(160, 120, 140.0, 140.0, 79.5, 59.5)


def cloud_of(depth: np.ndarray, kelvin: np.ndarray | None = None) -> np.ndarray:
    color = np.zeros((120, 160, 3), np.uint8)
    color[:, :80], color[:, 80:] = (200, 0, 0), (0, 0, 200)
    confidence = np.linspace(0, 1, 160, dtype=np.float32) + np.zeros((120, 1), np.float32)
    return organised_cloud(
        CAMERA, depth.astype(np.float32), color, kelvin, confidence, None, 1, 0.0
    )


def points_of(packed: PackedCloud) -> np.ndarray:
    return np.frombuffer(packed.positions, "<i2").reshape(-1, 3) * packed.unit_m


@settings(deadline=None, max_examples=20)
@given(st.integers(2, 25_000))
def test_number_of_points(limit: int) -> None:
    packed = packed_cloud(cloud_of(np.full((120, 160), 5.0)), limit)
    assert packed is not None
    wanted = min(limit, 120 * 160)
    assert 0.8 * wanted - 10 <= packed.count <= limit
    assert len(packed.positions) == 6 * packed.count
    assert len(packed.colors) == 3 * packed.count
    assert len(packed.confidence) == len(packed.widths) == packed.count


def test_points_keep_place_colour_and_confidence() -> None:
    rows = np.linspace(4.0, 40.0, 120)[:, None] + np.zeros((1, 160))
    packed = packed_cloud(cloud_of(rows), 3000)
    assert packed is not None
    points = points_of(packed)
    # Every kept point is one of the camera's, within half a step.
    column = points[:, 0] / points[:, 2] * CAMERA.fx + CAMERA.cx
    row = points[:, 1] / points[:, 2] * CAMERA.fy + CAMERA.cy
    near = np.rint(row).astype(int), np.rint(column).astype(int)
    np.testing.assert_allclose(points[:, 2], rows[near], atol=packed.unit_m)
    assert packed.unit_m < 0.002
    colors = np.frombuffer(packed.colors, np.uint8).reshape(-1, 3)
    np.testing.assert_array_equal(colors[:, 0] > 0, near[1] < 80)
    confidence = np.frombuffer(packed.confidence, np.uint8) / 255
    np.testing.assert_allclose(confidence, near[1] / 159, atol=0.01)
    # Spread over the whole picture.
    counts, _, _ = np.histogram2d(near[0], near[1], bins=(4, 4))
    assert counts.min() > 0.8 * counts.max()


def test_dots_cover_a_surface() -> None:
    packed = packed_cloud(cloud_of(np.full((120, 160), 5.0)), 120 * 160)
    assert packed is not None
    spacing = np.frombuffer(packed.widths, np.uint8) / 255 * packed.widest
    assert np.median(spacing) == pytest.approx(1 / CAMERA.fx, rel=0.05)


def test_temperature() -> None:
    kelvin = np.full((120, 160), 283.15, np.float32)
    kelvin[:, 80:] = 303.15
    packed = packed_cloud(cloud_of(np.full((120, 160), 5.0), kelvin), 2000)
    assert packed is not None
    assert packed.heat_celsius == pytest.approx((10.0, 30.0), abs=0.01)
    heat = np.frombuffer(packed.heat, np.uint8)
    assert set(heat) == {0, 255}
    without = packed_cloud(cloud_of(np.full((120, 160), 5.0)), 2000)
    assert without is not None
    assert without.heat == b""


@pytest.mark.parametrize("known", [0, 1])
def test_cloud_without_points(known: int) -> None:
    depth = np.full((120, 160), np.nan)
    depth.ravel()[:known] = 3.0
    assert packed_cloud(cloud_of(depth), 1000) is None
