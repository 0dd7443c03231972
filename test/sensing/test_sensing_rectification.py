"""Rectification against the distortion formulas, written out here once more."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from rgbt_perception.errors import InputError
from rgbt_perception.geometry.camera import CameraModel, make_camera_model
from rgbt_perception.sensing.rectification import Rectifier, check_size

WIDTH, HEIGHT = 160, 120
K = (130.0, 0.0, 81.0, 0.0, 128.0, 58.0, 0.0, 0.0, 1.0)
LENSES = {
    "plumb_bob": (-0.25, 0.08, 0.002, -0.001, 0.01),
    "rational_polynomial": (-0.2, 0.05, 0.001, 0.0005, 0.01, 0.05, -0.02, 0.003),
    "equidistant": (-0.03, 0.01, -0.004, 0.001),
}


def camera(model: str = "plumb_bob", d: tuple[float, ...] = (), **changes: object) -> CameraModel:
    return make_camera_model(
        name="camera", width=WIDTH, height=HEIGHT, k=K, d=d, distortion_model=model, **changes
    )


def source_of(model: CameraModel) -> tuple[np.ndarray, np.ndarray]:
    """Where each rectified pixel lies in the raw picture, by the formulas of OpenCV's manual."""
    p, d = model.rectified, np.zeros(8)
    d[: len(model.distortion)] = model.distortion
    u, v = np.meshgrid(np.arange(p.width, dtype=float), np.arange(p.height, dtype=float))
    rays = np.stack([(u - p.cx) / p.fx, (v - p.cy) / p.fy, np.ones_like(u)], axis=-1)
    rays = rays @ model.rotation  # raw_R_rectified is the transpose
    x, y = rays[..., 0] / rays[..., 2], rays[..., 1] / rays[..., 2]
    r2 = x * x + y * y
    if model.distortion_model == "equidistant":
        r = np.sqrt(r2)
        theta = np.arctan(r)
        bent = theta * (1 + sum(d[i] * theta ** (2 * i + 2) for i in range(4)))
        scale = np.divide(bent, r, out=np.ones_like(r), where=r > 0)
        x, y = x * scale, y * scale
    else:
        radial = (1 + d[0] * r2 + d[1] * r2**2 + d[4] * r2**3) / (
            1 + d[5] * r2 + d[6] * r2**2 + d[7] * r2**3
        )
        x, y = (
            x * radial + 2 * d[2] * x * y + d[3] * (r2 + 2 * x * x),
            y * radial + d[2] * (r2 + 2 * y * y) + 2 * d[3] * x * y,
        )
    k = model.raw
    return x * k.fx + k.cx, y * k.fy + k.cy


def ramp(dtype: type, slope_u: float, slope_v: float, offset: float) -> np.ndarray:
    """A plane: bilinear interpolation gives its exact value at any place."""
    u, v = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    return (slope_u * u + slope_v * v + offset).astype(dtype)


@pytest.mark.parametrize("model", LENSES)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_values_come_from_where_the_lens_formula_says(model: str, dtype: type) -> None:
    lens = camera(model, LENSES[model])
    slopes = {np.uint8: (1.0, 0.5, 10.0), np.uint16: (300.0, 100.0, 2000.0)}.get(
        dtype, (0.25, -0.125, 280.0)
    )
    rectified = Rectifier(lens).apply(ramp(dtype, *slopes))
    u, v = source_of(lens)
    inside = (u >= 0.1) & (u <= WIDTH - 1.1) & (v >= 0.1) & (v <= HEIGHT - 1.1)
    assert inside.mean() > 0.9
    expected = slopes[0] * u + slopes[1] * v + slopes[2]
    # Half a step of the 1/32 pixel grid on both axes, and rounding of the dtype.
    allowed = (abs(slopes[0]) + abs(slopes[1])) / 60 + (1.01 if dtype is not np.float32 else 1e-3)
    assert rectified.dtype == dtype
    assert np.abs(rectified.astype(float) - expected)[inside].max() < allowed


def test_colours_stay_apart() -> None:
    lens = camera(d=LENSES["plumb_bob"])
    picture = np.dstack([ramp(np.uint8, 1, 0, 0), ramp(np.uint8, 0, 1, 0), ramp(np.uint8, 0, 0, 7)])
    rectified = Rectifier(lens).apply(picture)
    for channel in range(3):
        alone = Rectifier(lens).apply(np.ascontiguousarray(picture[..., channel]))
        assert np.array_equal(rectified[..., channel], alone)


@pytest.mark.parametrize("model", LENSES)
def test_valid_says_where_the_source_lies_inside(model: str) -> None:
    # A wider view and a turned camera: parts of the rectified picture have no source.
    angle = 0.15
    turn = (np.cos(angle), 0, np.sin(angle), 0, 1, 0, -np.sin(angle), 0, np.cos(angle))
    p = (90.0, 0, 80.0, 0, 0, 90.0, 60.0, 0, 0, 0, 1, 0)
    lens = camera(model, LENSES[model], r=turn, p=p)
    rectifier = Rectifier(lens)
    u, v = source_of(lens)
    margin = np.minimum.reduce([u, WIDTH - 1 - u, v, HEIGHT - 1 - v])
    assert 0.2 < rectifier.valid.mean() < 0.95
    assert rectifier.valid[margin > 1 / 32].all()
    assert not rectifier.valid[margin < -1 / 32].any()
    # Without a source the border repeats, so that statistics of the picture see no new values.
    white = rectifier.apply(np.full((HEIGHT, WIDTH), 255, np.uint8))
    assert (white == 255).all()


def test_a_rectified_picture_is_handed_through() -> None:
    rectifier = Rectifier(camera())
    picture = ramp(np.uint16, 1, 1, 0)
    assert rectifier.apply(picture) is picture
    assert rectifier.valid.shape == (HEIGHT, WIDTH)
    assert rectifier.valid.all()


def test_a_tiny_distortion_keeps_the_border() -> None:
    rectifier = Rectifier(camera(d=(1e-9, 0, 0, 0)))
    assert rectifier.valid.all()
    picture = ramp(np.uint16, 1, 1, 0)
    assert np.array_equal(rectifier.apply(picture), picture)


def test_pixels_are_those_of_opencv_with_float_maps() -> None:
    lens = camera("equidistant", LENSES["equidistant"])
    picture = np.random.default_rng(0).integers(0, 65536, (HEIGHT, WIDTH)).astype(np.uint16)
    smooth = cv2.GaussianBlur(picture, (0, 0), 3)
    exact = cv2.remap(smooth.astype(np.float32), *lens.rectification_maps(), cv2.INTER_LINEAR)
    error = np.abs(Rectifier(lens).apply(smooth).astype(float) - exact)
    assert error.max() < 0.02 * np.ptp(smooth)


def test_the_wrong_size_is_named() -> None:
    lens = camera(d=LENSES["plumb_bob"])
    check_size(np.zeros((HEIGHT, WIDTH, 3), np.uint8), lens, "rgb/image")
    with pytest.raises(InputError, match=r"rgb/image: the picture is 80x60, .* for 160x120"):
        check_size(np.zeros((60, 80), np.uint8), lens, "rgb/image")
