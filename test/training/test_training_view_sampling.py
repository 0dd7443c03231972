from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

from rgbt_perception.training.recipe import AugmentationConfig
from rgbt_perception.training.view_sampling import full_view, mirrored, random_view

WIDTH, HEIGHT = 96, 64
STILL = replace(AugmentationConfig(), rotation_deg=0.0, translation_m=0.0)


def _with_coordinates(recording):
    """Pictures whose value says where their pixel lies in the source."""
    rows, columns = np.indices(recording.thermal.shape[1:])
    thermal = np.broadcast_to(columns * 100 + 1000, recording.thermal.shape).astype(np.uint16)
    rgb = np.stack([columns, rows * 4, np.zeros_like(rows)], axis=-1)
    rgb = np.broadcast_to(rgb, recording.rgb.shape).astype(np.uint8)
    return replace(recording, rgb=rgb, thermal=thermal)


@pytest.mark.parametrize("seed", range(12))
def test_intrinsics_follow_the_picture(recording, seed):
    marked = _with_coordinates(recording)
    config = replace(STILL, flip=0.0, zoom=0.7)
    view = random_view(marked, 0, WIDTH, HEIGHT, config, np.random.default_rng(seed))
    v, u = np.nonzero(view.thermal_mask)
    ray = (u - view.thermal_camera.cx) / view.thermal_camera.fx
    source = marked.thermal_camera
    found = (view.thermal[v, u] - 1000) / 100
    inner = (found > 1) & (found < source.width - 2)
    assert inner.sum() > 100
    expected = ray * source.fx + source.cx
    assert np.abs(found - expected)[inner].max() < 0.35

    v, u = np.nonzero(view.rgb_mask)
    ray = (v - view.rgb_camera.cy) / view.rgb_camera.fy
    found = view.rgb[v, u, 1] * 255 / 4
    inner = (found > 1) & (found < marked.rgb_camera.height - 2)
    expected = ray * marked.rgb_camera.fy + marked.rgb_camera.cy
    assert np.abs(found - expected)[inner].max() < 0.4


@pytest.mark.parametrize("seed", range(8))
def test_both_axes_have_one_scale(recording, seed):
    view = random_view(recording, 0, WIDTH, HEIGHT, STILL, np.random.default_rng(seed))
    before, after = recording.thermal_camera, view.thermal_camera
    assert (after.fx / before.fx) / (after.fy / before.fy) == pytest.approx(1, abs=0.02)


def test_zoomed_cameras_look_the_same_way(recording):
    config = replace(STILL, flip=0.0, zoom=1.0)
    for seed in range(10):
        random = np.random.default_rng(seed)
        view = random_view(recording, 0, WIDTH, HEIGHT, config, random)
        rays = [
            (WIDTH / 2 - 0.5 - camera.cx) / camera.fx
            for camera in (view.rgb_camera, view.thermal_camera)
        ]
        # RGB has the wider lens: near the border its crop stops before the thermal one does.
        assert abs(rays[0] - rays[1]) < 0.2


def _pixel(camera, point):
    x, y, z = point
    return camera.fx * x / z + camera.cx, camera.fy * y / z + camera.cy


def test_a_mirrored_pair_shows_the_mirrored_world(recording):
    view = full_view(recording, 0, WIDTH, HEIGHT)
    flipped = mirrored(view)
    for point in ((1.0, 0.3, 5.0), (-2.0, 1.0, 9.0)):
        in_thermal = (view.thermal_T_rgb @ (*point, 1.0))[:3]
        u_rgb, v_rgb = _pixel(view.rgb_camera, point)
        u_thermal, v_thermal = _pixel(view.thermal_camera, in_thermal)

        mirror = (-point[0], point[1], point[2])
        in_thermal = (flipped.thermal_T_rgb @ (*mirror, 1.0))[:3]
        assert _pixel(flipped.rgb_camera, mirror) == pytest.approx((WIDTH - 1 - u_rgb, v_rgb))
        found = _pixel(flipped.thermal_camera, in_thermal)
        assert found == pytest.approx((WIDTH - 1 - u_thermal, v_thermal))
    np.testing.assert_array_equal(flipped.rgb, view.rgb[:, ::-1])
    np.testing.assert_array_equal(flipped.thermal_depth, view.thermal_depth[:, ::-1])
    assert not np.array_equal(flipped.rgb, view.rgb)
    twice = mirrored(flipped)
    np.testing.assert_allclose(twice.thermal_T_rgb, view.thermal_T_rgb)
    assert twice.rgb_camera == view.rgb_camera


def test_truth_agrees_between_the_cameras_in_every_view(recording):
    """RGB depth carried into the thermal view is the thermal depth, flipped and zoomed or not."""
    for seed in range(6):
        view = random_view(recording, seed % 4, WIDTH, HEIGHT, STILL, np.random.default_rng(seed))
        v, u = np.nonzero(np.isfinite(view.rgb_depth))
        z = view.rgb_depth[v, u]
        camera = view.rgb_camera
        points = np.stack([(u - camera.cx) / camera.fx * z, (v - camera.cy) / camera.fy * z, z])
        moved = view.thermal_T_rgb[:3, :3] @ points + view.thermal_T_rgb[:3, 3:]
        column, row = np.round(_pixel(view.thermal_camera, moved)).astype(int)
        inside = (column >= 0) & (column < WIDTH) & (row >= 0) & (row < HEIGHT)
        seen = view.thermal_depth[row[inside], column[inside]]
        error = np.abs(np.log(seen / moved[2][inside]))[np.isfinite(seen)]
        # Depth edges and occlusions differ; most pixels must not.
        assert np.mean(error < 0.05) > 0.8


def test_the_full_view_is_centred_and_complete(recording):
    view = full_view(recording, 1, WIDTH, HEIGHT)
    assert view.rgb.shape == (HEIGHT, WIDTH, 3)
    columns = np.nonzero(view.rgb_mask.any(axis=0))[0]
    assert (columns[0], columns[-1]) == (8, 87)  # 80x64 in the middle of 96x64
    assert np.isnan(view.rgb_depth[:, :8]).all()
    assert np.isinf(view.rgb_depth).any()


def _errors(recording, config):
    """Rotation (degrees) and translation (metres) of the calibration error of many samples."""
    config = replace(config, flip=0.0, zoom=0.0)
    found = []
    for seed in range(60):
        view = random_view(recording, 0, WIDTH, HEIGHT, config, np.random.default_rng(seed))
        error = view.thermal_T_rgb @ np.linalg.inv(recording.thermal_T_rgb)
        angle = np.degrees(np.arccos(np.clip((np.trace(error[:3, :3]) - 1) / 2, -1, 1)))
        moved = view.thermal_T_rgb[:3, 3] - error[:3, :3] @ recording.thermal_T_rgb[:3, 3]
        found.append((angle, *np.abs(moved)))
    return np.array(found)


def test_calibration_errors_stay_within_the_bounds(recording):
    config = replace(AugmentationConfig(), miscalibrate=0.0, time_offset=0.0)
    small = _errors(recording, config)
    assert (small[:, 0] <= config.rotation_deg + 1e-6).all()
    assert (small[:, 1:] <= config.translation_m + 1e-9).all()
    large = _errors(recording, replace(config, miscalibrate=1.0, miscalibration_factor=3.0))
    assert 2 * config.rotation_deg < large[:, 0].max() <= 3 * config.rotation_deg + 1e-6
    assert 2 * config.translation_m < large[:, 1:].max() <= 3 * config.translation_m + 1e-9


def test_a_time_offset_moves_the_rig_along_the_optical_axis(recording):
    config = replace(AugmentationConfig(), miscalibrate=0.0, time_offset=1.0, way_m=2.0)
    errors = _errors(recording, config)
    assert (errors[:, 1:3] <= config.translation_m + 1e-9).all()
    assert 1.5 < errors[:, 3].max() <= 2.0 + config.translation_m
