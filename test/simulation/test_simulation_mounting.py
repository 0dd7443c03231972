from __future__ import annotations

import numpy as np

from rgbt_perception.geometry.rig import rig_from_yaml, rig_to_yaml
from rgbt_perception.geometry.transforms import inverse
from rgbt_perception.simulation.mounting import draw_mounting

MOUNTINGS = [draw_mounting(seed, (64, 48), (40, 32)) for seed in range(800000, 800120)]


def test_fields_of_view_and_baselines_cover_the_range() -> None:
    views, baselines = [], []
    for mounting in MOUNTINGS:
        for camera in (mounting.rig.rgb, mounting.rig.thermal):
            left, right = camera.raw_rays()[camera.raw.height // 2, [0, -1]]
            cosine = left @ right / np.linalg.norm(left) / np.linalg.norm(right)
            views.append(np.degrees(np.arccos(cosine)))
        baselines.append(np.linalg.norm(mounting.rig.thermal_T_rgb[:3, 3]))
    assert 39.9 < min(views) < 45
    assert 80 < max(views) < 90.1
    assert max(baselines) <= 0.3 + 1e-9
    assert 5 < sum(b < 1e-9 for b in baselines) < 40


def test_lenses_are_of_every_kind() -> None:
    models = {(c.distortion_model, any(c.distortion)) for m in MOUNTINGS for c in (m.rig.rgb,)}
    assert models == {("plumb_bob", False), ("plumb_bob", True), ("equidistant", True)}


def test_every_raw_pixel_has_its_own_ray() -> None:
    for mounting in MOUNTINGS[:30]:
        rays = mounting.rig.thermal.raw_rays()
        assert np.isfinite(rays).all()
        assert (np.diff(rays[..., 0], axis=1) > 0).all()
        assert (np.diff(rays[..., 1], axis=0) > 0).all()


def test_the_rig_agrees_with_the_frames_and_its_file() -> None:
    for mounting in MOUNTINGS[:20]:
        expected = inverse(mounting.base_T_thermal) @ mounting.base_T_rgb
        np.testing.assert_allclose(mounting.rig.thermal_T_rgb, expected, atol=1e-12)
        again = rig_from_yaml(rig_to_yaml(mounting.rig), "rig")
        np.testing.assert_allclose(again.thermal_T_rgb, expected, atol=1e-9)
        assert again.kelvin_per_count == 0.01
