from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from rgbt_perception.frames import Modality

BARREL = ("plumb_bob", (-0.25, 0.05, 0.001, -0.001, 0.0))
FISHEYE = ("equidistant", (0.02, -0.01, 0.0, 0.0))


def pixel_grid(k: object) -> tuple[np.ndarray, np.ndarray]:
    columns, rows = np.meshgrid(np.arange(k.width), np.arange(k.height))  # type: ignore[attr-defined]
    return (columns - k.cx) / k.fx, (rows - k.cy) / k.fy  # type: ignore[attr-defined]


@pytest.mark.parametrize("lens", [("plumb_bob", ()), BARREL, FISHEYE])
@pytest.mark.parametrize("modality", list(Modality))
def test_depth_is_that_of_planes_and_a_ball(
    make_studio: Callable[..., object], lens: tuple[str, tuple[float, ...]], modality: Modality
) -> None:
    studio = make_studio(distortion_model=lens[0], d=lens[1])
    shot = studio.shot(modality)  # type: ignore[attr-defined]
    x, y = pixel_grid(studio.camera("rgb").rectified)  # type: ignore[attr-defined]
    # The ball lies 5 m ahead on the axis: |t r - c| = R with r = (x, y, 1).
    length = np.sqrt(x**2 + y**2 + 1)
    gap = 25.0 - (5.0 / length) ** 2
    ball = (5.0 / length - np.sqrt(np.maximum(0.49 - gap, 0))) / length
    ground = np.where(y > 0, 1.5 / np.maximum(y, 1e-9), np.inf)
    wall = np.full_like(x, 20.0)
    expected = np.minimum(np.where(gap < 0.49, ball, np.inf), np.minimum(ground, wall))
    np.testing.assert_allclose(shot.depth, expected, rtol=1e-3)
    assert shot.depth.dtype == np.float32
    np.testing.assert_array_equal(shot.labels == 8, gap < 0.49)
    np.testing.assert_array_equal(shot.labels == 1, (gap >= 0.49) & (ground < 20.0))


def test_sky_has_no_depth_and_its_own_label(make_studio: Callable[..., object]) -> None:
    studio = make_studio()
    scene = studio.scene()  # type: ignore[attr-defined]
    open_scene = type(scene)(
        **{**{f: getattr(scene, f) for f in scene.__dataclass_fields__}, "static": scene.static[:1]}
    )
    shot = studio.shot(Modality.THERMAL, studio.station(open_scene))  # type: ignore[attr-defined]
    assert np.isnan(shot.depth[0]).all()
    assert (shot.labels[0] == 7).all()
    assert np.isfinite(shot.depth[-1]).all()


@pytest.mark.parametrize("lens", [BARREL, FISHEYE])
@pytest.mark.parametrize("modality", list(Modality))
def test_truth_lies_on_the_rectified_picture(
    make_studio: Callable[..., object], lens: tuple[str, tuple[float, ...]], modality: Modality
) -> None:
    studio = make_studio(distortion_model=lens[0], d=lens[1], size=(160, 120))
    shot = studio.shot(modality)  # type: ignore[attr-defined]
    camera = studio.camera("thermal")  # type: ignore[attr-defined]
    maps = camera.rectification_maps()
    picture = shot.picture if shot.picture.ndim == 2 else shot.picture.astype(np.float32).mean(2)
    rectified = cv2.remap(picture.astype(np.float32), *maps, cv2.INTER_LINEAR)
    ball = shot.labels == 8
    inner = cv2.erode(ball.astype(np.uint8), np.ones((5, 5))) > 0
    ring = (cv2.dilate(ball.astype(np.uint8), np.ones((7, 7))) > 0) & ~(
        cv2.dilate(ball.astype(np.uint8), np.ones((3, 3))) > 0
    )
    if modality is Modality.THERMAL:
        # 40 K warmer than everything round it.
        assert rectified[inner].min() > rectified[ring].max() + 1000
    gradient = cv2.Laplacian(rectified, cv2.CV_32F, ksize=3)
    outline = cv2.morphologyEx(ball.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3))) > 0
    assert np.abs(gradient[outline]).mean() > 3 * np.abs(gradient[inner]).mean()
