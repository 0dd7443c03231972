"""Built surfaces: asphalt, paving, concrete, brick, plaster, tiles, rubble."""

from __future__ import annotations

import numpy as np

from rgbt_perception.simulation.rendering.arrays import Float32
from rgbt_perception.simulation.rendering.noise import cells, fractal, grain, hashed, sample
from rgbt_perception.simulation.rendering.sites import Sites
from rgbt_perception.simulation.rendering.textures.finish import Finish, blend, plain


def joints(
    sites: Sites, width: float, height: float, gap: float, running: bool
) -> tuple[Float32, Float32]:
    """A wall of equal stones.

    Args:
        sites: points.
        width, height: metres of a stone with its joint.
        gap: metres of the joint.
        running: shift every second course by half a stone.

    Returns:
        Share of joint, 0 to 1, and a random number for each stone, both (N,) float32.
    """
    course = np.floor(sites.v / height)
    along = sites.u / width + (0.5 * (course % 2) if running else 0.0)
    stone = np.floor(along)
    from_edge_u = np.minimum(along - stone, 1 - (along - stone)) * width
    inside_v = sites.v / height - course
    from_edge_v = np.minimum(inside_v, 1 - inside_v) * height
    edge = np.minimum(from_edge_u, from_edge_v)
    soft = np.maximum(sites.footprint * 0.5, 0.002)
    joint = np.clip((gap / 2 - edge) / soft + 0.5, 0, 1)
    mean_share = gap / width + gap / height
    resolved = sites.fade(min(width, height))
    joint = joint * resolved + mean_share * (1 - resolved)
    tint = (hashed(stone, course, sites.seed) - 0.5) * resolved + 0.5
    return joint.astype(np.float32), tint.astype(np.float32)


def _stains(sites: Sites, period: float, strength: float) -> Float32:
    spots = sample(fractal(), sites.u, sites.v, period, sites.seed) - 0.5
    return (1 + 2 * strength * spots).astype(np.float32)


def _roughness(sites: Sites, period: float, strength: float) -> Float32:
    bumps = sample(grain(), sites.u, sites.v, period, sites.seed) - 0.5
    return (1 + 2 * strength * bumps * sites.fade(period / 90)).astype(np.float32)


def asphalt(sites: Sites) -> Finish:
    """Grain, worn lanes, repaired rectangles and dark seams."""
    finish = plain(sites)
    patch = hashed(np.floor(sites.u / 2.7), np.floor(sites.v / 5.3), sites.seed)
    repaired = np.where(patch < 0.07, 0.72, np.where(patch > 0.95, 1.2, 1.0))
    seam = np.abs(sample(fractal(), sites.u, sites.v, 37.0, sites.seed) - 0.5)
    crack = 1 - 0.45 * (seam < 0.006) * sites.fade(0.05)
    tone = _stains(sites, 23.0, 0.22) * repaired * crack
    finish.albedo *= tone.astype(np.float32)[:, None]
    finish.relief = _roughness(sites, 2.3, 0.32)
    return finish


def lane_paint(sites: Sites) -> Finish:
    """Paint worn through to the asphalt."""
    finish = plain(sites)
    worn = np.clip((0.36 - sample(fractal(), sites.u, sites.v, 5.0, sites.seed)) * 8, 0, 0.8)
    finish.albedo = blend(finish.albedo, (0.07, 0.07, 0.07), worn)
    finish.relief = _roughness(sites, 2.3, 0.12)
    return finish


def paving(sites: Sites) -> Finish:
    """Slabs with joints, each of its own tone."""
    finish = plain(sites)
    size = 0.3 + 0.1 * float(sites.seed[0] % 4)
    joint, tint = joints(sites, size, size, 0.016, running=bool(sites.seed[0] % 2))
    finish.albedo *= (0.82 + 0.36 * tint)[:, None]
    finish.albedo = blend(finish.albedo, (0.06, 0.055, 0.05), joint)
    finish.albedo *= _stains(sites, 9.0, 0.15)[:, None]
    finish.relief = _roughness(sites, 1.9, 0.15)
    return finish


def concrete(sites: Sites) -> Finish:
    """Stains, casting joints every 2.6 m and fine pores."""
    finish = plain(sites)
    joint, tint = joints(sites, 2.6, 2.6, 0.02, running=False)
    finish.albedo *= (0.92 + 0.16 * tint)[:, None] * (1 - 0.5 * joint)[:, None]
    finish.albedo *= _stains(sites, 6.0, 0.25)[:, None]
    finish.relief = _roughness(sites, 1.4, 0.14)
    return finish


def brick(sites: Sites) -> Finish:
    """Courses of bricks in lighter mortar."""
    finish = plain(sites)
    joint, tint = joints(sites, 0.25, 0.077, 0.014, running=True)
    finish.albedo *= (0.66 + 0.68 * tint)[:, None]
    finish.albedo = blend(finish.albedo, (0.42, 0.39, 0.35), joint * 0.8)
    finish.albedo *= _stains(sites, 7.0, 0.22)[:, None]
    finish.relief = _roughness(sites, 0.9, 0.2)
    return finish


def plaster(sites: Sites) -> Finish:
    """Even, with run-off streaks and some missing spots."""
    finish = plain(sites)
    streak = sample(fractal(), sites.u, sites.v * 0.12, 4.0, sites.seed) - 0.5
    bare = np.clip((0.16 - sample(fractal(), sites.u, sites.v, 11.0, sites.seed)) * 20, 0, 0.7)
    finish.albedo *= (1 + 0.22 * streak)[:, None] * _stains(sites, 8.0, 0.1)[:, None]
    finish.albedo = blend(finish.albedo, (0.3, 0.2, 0.15), bare)
    finish.relief = _roughness(sites, 0.7, 0.07)
    return finish


def tile(sites: Sites) -> Finish:
    """Glazed squares with dark joints; some tiles missing."""
    finish = plain(sites, 0.04)
    joint, tint = joints(sites, 0.2, 0.2, 0.008, running=False)
    finish.albedo *= (0.9 + 0.2 * tint)[:, None]
    finish.albedo = blend(finish.albedo, (0.1, 0.09, 0.08), joint)
    lost = (tint > 0.97).astype(np.float32)
    finish.albedo = blend(finish.albedo, (0.25, 0.22, 0.2), lost)
    finish.gloss *= 1 - np.maximum(joint, lost)
    return finish


def rubble(sites: Sites) -> Finish:
    """Broken stones of many sizes with dust between."""
    finish = plain(sites)
    coarse = sample(cells(), sites.u, sites.v, 9.0, sites.seed)
    fine = sample(cells(), sites.u, sites.v, 2.1, sites.seed + 1)
    tone = 1 + 0.9 * (coarse - 0.5) * sites.fade(0.15) + 0.5 * (fine - 0.5) * sites.fade(0.04)
    dust = np.clip((sample(fractal(), sites.u, sites.v, 6.0, sites.seed) - 0.55) * 5, 0, 0.6)
    finish.albedo = blend(finish.albedo, (0.36, 0.33, 0.29), dust)
    finish.relief = np.clip(tone, 0.2, 2).astype(np.float32) * _roughness(sites, 0.8, 0.2)
    return finish


def rock(sites: Sites) -> Finish:
    """Layered and cracked."""
    finish = plain(sites)
    layers = sample(fractal(), sites.u * 0.25, sites.v, 2.5, sites.seed) - 0.5
    cracks = np.abs(sample(fractal(), sites.u, sites.v, 4.0, sites.seed) - 0.5) < 0.012
    finish.albedo *= (1 + 0.7 * layers)[:, None]
    finish.relief = (1 - 0.5 * cracks * sites.fade(0.03)) * _roughness(sites, 1.1, 0.3)
    return finish
