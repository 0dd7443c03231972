from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from rgbt_perception.simulation.parts import IDENTITY, Body, MaterialName, Part, Shape
from rgbt_perception.simulation.rendering.noise import cells, fractal, grain, hashed, sample
from rgbt_perception.simulation.rendering.rgb import finishes
from rgbt_perception.simulation.rendering.sites import Sites
from rgbt_perception.simulation.rendering.textures.catalogue import TEXTURES
from rgbt_perception.simulation.rendering.textures.facade import windows
from rgbt_perception.simulation.rendering.tracer import Tracer
from rgbt_perception.simulation.rendering.view import look, world_rays


def wall_sites(footprint: float = 0.002, seed: int = 4, size: float = 4.0) -> Sites:
    line = np.linspace(-size, size, 80, dtype=np.float32)
    u, v = (a.ravel() for a in np.meshgrid(line, line))
    n = len(u)
    return Sites(
        u,
        v,
        np.ones(n, np.int32),
        np.stack([u, np.zeros(n, np.float32), v], axis=1),
        np.full((n, 3), size, np.float32),
        np.full(n, seed, np.int64),
        np.full((n, 3), (0.5, 0.4, 0.3), np.float32),
        np.full(n, footprint, np.float32),
    )


def luminance(material: MaterialName, **options: float) -> np.ndarray:
    finish = TEXTURES[material](wall_sites(**options))  # type: ignore[arg-type]
    return (finish.albedo * finish.relief[:, None]).mean(axis=1).reshape(80, 80)


def test_every_material_has_a_texture() -> None:
    assert set(TEXTURES) == set(MaterialName)


@pytest.mark.parametrize("material", list(MaterialName))
def test_finishes_are_physical(material: MaterialName) -> None:
    finish = TEXTURES[material](wall_sites())
    assert finish.albedo.shape == (6400, 3)
    assert finish.albedo.min() >= 0
    assert (finish.albedo * finish.relief[:, None]).max() < 1.6
    for share in (finish.gloss, finish.glass):
        assert 0 <= share.min() <= share.max() <= 1
    assert np.isfinite(finish.glow).all()


def test_materials_differ_in_structure_not_only_in_noise() -> None:
    names = [
        MaterialName.BRICK,
        MaterialName.PAVING,
        MaterialName.FACADE_PLASTER,
        MaterialName.BARK,
        MaterialName.FOLIAGE,
        MaterialName.WOOD,
        MaterialName.SIGN_FACE,
        MaterialName.ASPHALT,
    ]
    spectra = {}
    for name in names:
        picture = luminance(name)
        power = np.abs(np.fft.rfft2(picture - picture.mean()))
        spectra[name] = power / np.linalg.norm(power)
    for first, second in combinations(names, 2):
        assert (spectra[first] * spectra[second]).sum() < 0.9, (first, second)


def test_the_seed_changes_the_texture() -> None:
    assert (
        np.abs(luminance(MaterialName.BRICK) - luminance(MaterialName.BRICK, seed=9)).max() > 0.05
    )


@pytest.mark.parametrize(
    "material", [MaterialName.BRICK, MaterialName.TILE, MaterialName.GRASS, MaterialName.FOLIAGE]
)
def test_details_fade_with_distance(material: MaterialName) -> None:
    near, far = luminance(material), luminance(material, footprint=0.5)
    assert np.abs(np.diff(far, axis=1)).mean() < 0.5 * np.abs(np.diff(near, axis=1)).mean()
    assert far.mean() == pytest.approx(near.mean(), rel=0.25)


def test_facades_have_windows_in_rows() -> None:
    grid = windows(wall_sites(size=6.0))
    share = (grid.pane > 0.5).mean()
    assert 0.05 < share < 0.6
    rows = (grid.pane.reshape(80, 80) > 0.5).mean(axis=1)
    assert rows.max() > 0.2
    assert rows.min() == 0


def test_noise_repeats_after_its_period_and_is_centred() -> None:
    rng = np.random.default_rng(0)
    u, v = rng.uniform(-50, 50, (2, 5000)).astype(np.float32)
    for texture in (fractal(), grain(), cells()):
        first = sample(texture, u, v, 8.0)
        np.testing.assert_allclose(first, sample(texture, u + 8, v - 16, 8.0), atol=0.02)
        assert first.mean() == pytest.approx(0.5, abs=0.05)


def test_hashes_are_uniform() -> None:
    values = hashed(np.arange(20000), 7)
    counts, _ = np.histogram(values, bins=10, range=(0, 1))
    assert counts.min() > 1800
    assert np.abs(np.corrcoef(values[1:], values[:-1])[0, 1]) < 0.03


def test_textures_ride_on_moving_parts(make_studio: Callable[..., object]) -> None:
    studio = make_studio()
    panel = Part(Shape.BOX, (0.05, 1.5, 1.5), (0, 0, 0), IDENTITY, MaterialName.BRICK, 3)
    body = Body("panel", lambda t: ((4.0 + t, 0.4 * t, 1.5), IDENTITY), (panel,))
    scene = replace(studio.scene(), static=(), bodies=(body,))  # type: ignore[attr-defined]
    tracer = Tracer(scene)
    pose = studio.mounting().base_T_rgb.copy()  # type: ignore[attr-defined]
    rays = studio.camera("rgb").raw_rays()  # type: ignore[attr-defined]
    looks = []
    for time, shift in ((0.0, (0.0, 0.0, 1.5)), (1.0, (1.0, 0.4, 1.5))):
        pose[:3, 3] = shift
        view = look(tracer, rays, pose, time, world_rays(rays, pose))
        looks.append(finishes(tracer, view)[1].albedo)
    np.testing.assert_allclose(looks[0], looks[1], atol=2e-3)
