"""Made things: glass, paint, metal, rubber, plastic, signs, lamps, embers."""

from __future__ import annotations

import numpy as np

from rgbt_perception.simulation.rendering.arrays import single
from rgbt_perception.simulation.rendering.noise import fractal, grain, hashed, sample
from rgbt_perception.simulation.rendering.sites import Sites
from rgbt_perception.simulation.rendering.textures.finish import Finish, blend, plain


def glass(sites: Sites) -> Finish:
    """A dark pane: what shows is the reflection."""
    finish = plain(sites, 0.09)
    finish.albedo = np.minimum(finish.albedo, 0.03)
    finish.glass[:] = 1.0
    return finish


def car_paint(sites: Sites) -> Finish:
    """Clear coat with door seams and road dirt near the sills."""
    finish = plain(sites, 0.06)
    seam = np.abs(sites.u / 1.1 - np.round(sites.u / 1.1)) * 1.1
    line = np.clip(1 - seam / np.maximum(0.012, sites.footprint * 0.7), 0, 1)
    upright = sites.axis < 2
    finish.albedo *= (1 - 0.6 * line * upright * sites.fade(0.03))[:, None]
    low = np.clip((-sites.v / np.maximum(sites.half[:, 2], 0.05)) * 0.6, 0, 0.5) * upright
    dirt = low * sample(fractal(), sites.u, sites.v, 1.5, sites.seed)
    finish.albedo = blend(finish.albedo, (0.16, 0.14, 0.12), dirt.astype(np.float32))
    return finish


def bare_metal(sites: Sites) -> Finish:
    """Brushed, mirror-like."""
    finish = plain(sites, 0.55)
    brushed = sample(grain(), sites.u * 0.1, sites.v, 0.8, sites.seed) - 0.5
    finish.albedo *= (0.35 + 0.2 * brushed * sites.fade(0.01))[:, None]
    return finish


def rusted_metal(sites: Sites) -> Finish:
    """Old paint broken by rust."""
    finish = plain(sites, 0.03)
    spots = sample(fractal(), sites.u, sites.v, 1.8, sites.seed)
    rust = np.clip((spots - 0.4) * 6, 0, 1)
    tone = 0.5 + sample(grain(), sites.u, sites.v, 0.7, sites.seed)
    brown = single([0.28, 0.11, 0.045]) * tone[:, None]
    finish.albedo = blend(finish.albedo, brown.astype(np.float32), rust)
    finish.gloss *= 1 - rust
    return finish


def rubber(sites: Sites) -> Finish:
    """Black, with tread."""
    finish = plain(sites)
    tread = 0.5 + 0.5 * np.sign(np.sin(sites.u * 90.0))
    finish.relief = (1 - 0.4 * tread * sites.fade(0.03)).astype(np.float32)
    return finish


def plastic(sites: Sites) -> Finish:
    """Smooth, slightly shiny, scuffed."""
    finish = plain(sites, 0.035)
    scuff = sample(fractal(), sites.u, sites.v, 1.2, sites.seed) - 0.5
    finish.albedo *= (1 + 0.2 * scuff)[:, None]
    return finish


def sign_face(sites: Sites) -> Finish:
    """A bold print: border, and bars, a diagonal, a disc or letters."""
    finish = plain(sites, 0.03)
    half_u = np.maximum(np.where(sites.axis == 0, sites.half[:, 1], sites.half[:, 0]), 0.01)
    half_v = np.maximum(np.where(sites.axis == 2, sites.half[:, 1], sites.half[:, 2]), 0.01)
    u, v = sites.u / half_u, sites.v / half_v
    kind = (hashed(sites.seed, 10) * 4).astype(np.int32)
    letter = hashed(np.floor(u * 5), np.floor(v * 4), sites.seed, 11) > 0.5
    ink = np.select(
        [kind == 0, kind == 1, kind == 2],
        [np.abs(v) < 0.28, np.abs(u - v) < 0.3, np.hypot(u, v) < 0.5],
        letter & (np.abs(v) < 0.5) & (np.abs(u) < 0.8),
    )
    border = np.maximum(np.abs(u), np.abs(v)) > 0.86
    white = np.full((len(sites), 3), 0.85, np.float32)
    contrast = np.where(sites.color.mean(axis=1, keepdims=True) > 0.5, 0.04, white)
    share = ((ink | border) * sites.fade(0.15)).astype(np.float32)
    finish.albedo = blend(finish.albedo, contrast.astype(np.float32), share)
    return finish


def lamp_glass(sites: Sites) -> Finish:
    """A lamp's cover: far brighter than anything it lights."""
    finish = plain(sites, 0.04)
    finish.glow = sites.color * np.float32(0.03)
    return finish


def ember(sites: Sites) -> Finish:
    """Charred, with glowing veins."""
    finish = plain(sites)
    veins = np.clip((sample(fractal(), sites.u, sites.v, 0.9, sites.seed) - 0.45) * 5, 0, 1)
    finish.albedo *= 0.2
    finish.glow = (veins**2)[:, None] * single([4e-3, 9e-4, 1e-4])
    return finish
