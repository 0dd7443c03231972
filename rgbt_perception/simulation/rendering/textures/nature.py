"""Grown surfaces and people: foliage, bark, wood, grass, soil, skin, hair, cloth."""

from __future__ import annotations

import numpy as np

from rgbt_perception.simulation.rendering.arrays import Float32, single
from rgbt_perception.simulation.rendering.noise import cells, fractal, grain, hashed, sample
from rgbt_perception.simulation.rendering.sites import Sites
from rgbt_perception.simulation.rendering.textures.finish import Finish, blend, plain


def foliage(sites: Sites) -> Finish:
    """Blobs of leaves with dark gaps."""
    finish = plain(sites)
    boughs = sample(cells(), sites.u, sites.v, 14.0, sites.seed)
    leaves = sample(cells(), sites.u, sites.v, 3.1, sites.seed + 3)
    tone = 1 + 1.5 * (boughs - 0.5) * sites.fade(0.3) + 1.2 * (leaves - 0.5) * sites.fade(0.06)
    yellow = sample(fractal(), sites.u, sites.v, 5.0, sites.seed) * 0.5
    finish.albedo = blend(finish.albedo, finish.albedo * single([1.6, 1.2, 0.6]), yellow)
    finish.relief = np.clip(tone, 0.12, 2.2).astype(np.float32)
    return finish


def bark(sites: Sites) -> Finish:
    """Ridges along the trunk."""
    finish = plain(sites)
    ridges = sample(fractal(), sites.u * 3.0, sites.v * 0.35, 1.3, sites.seed) - 0.5
    finish.relief = np.clip(1 + 1.5 * ridges * sites.fade(0.02), 0.25, 2).astype(np.float32)
    moss = np.clip((sample(fractal(), sites.u, sites.v, 3.0, sites.seed) - 0.6) * 4, 0, 0.5)
    finish.albedo = blend(finish.albedo, (0.1, 0.13, 0.05), moss)
    return finish


def wood(sites: Sites) -> Finish:
    """Boards with grain along their longer side."""
    finish = plain(sites)
    lying = sites.half[:, 0] >= sites.half[:, 2]
    along = np.where(lying & (sites.axis != 0), sites.u, sites.v)
    across = np.where(lying & (sites.axis != 0), sites.v, sites.u)
    rings = sample(fractal(), single(across * 6), single(along * 0.4), 1.7, sites.seed)
    lines = 0.5 + 0.5 * np.sin(rings * 40)
    board = np.floor(across / 0.14)
    tint = hashed(board, sites.seed) - 0.5
    finish.albedo *= (1 + 0.4 * tint * sites.fade(0.14))[:, None]
    finish.relief = (0.85 + 0.3 * (lines - 0.5) * sites.fade(0.02)).astype(np.float32)
    return finish


def grass(sites: Sites) -> Finish:
    """Blades, bare and dry spots."""
    finish = plain(sites)
    dry = np.clip(sample(fractal(), sites.u, sites.v, 13.0, sites.seed) * 2 - 0.7, 0, 0.8)
    finish.albedo = blend(finish.albedo, (0.22, 0.19, 0.08), dry)
    blades = sample(grain(), sites.u, sites.v, 2.7, sites.seed) - 0.5
    tufts = sample(cells(), sites.u, sites.v, 7.0, sites.seed) - 0.5
    tone = 1 + 1.3 * blades * sites.fade(0.03) + 0.6 * tufts * sites.fade(0.15)
    finish.relief = np.clip(tone, 0.2, 2).astype(np.float32)
    return finish


def soil(sites: Sites) -> Finish:
    """Clods, pebbles and damp patches."""
    finish = plain(sites)
    damp = sample(fractal(), sites.u, sites.v, 8.0, sites.seed) - 0.5
    finish.albedo *= (1 + 0.7 * damp)[:, None]
    pebbles = sample(cells(), sites.u, sites.v, 4.0, sites.seed) - 0.5
    clods = sample(grain(), sites.u, sites.v, 1.6, sites.seed) - 0.5
    tone = 1 + 0.5 * pebbles * sites.fade(0.08) + 0.9 * clods * sites.fade(0.02)
    finish.relief = np.clip(tone, 0.2, 2).astype(np.float32)
    return finish


def skin(sites: Sites) -> Finish:
    """Slightly blotched, a little shiny."""
    finish = plain(sites, 0.02)
    blotch = sample(fractal(), sites.u, sites.v, 0.5, sites.seed) - 0.5
    finish.albedo *= (1 + 0.15 * blotch)[:, None]
    return finish


def hair(sites: Sites) -> Finish:
    """Strands."""
    finish = plain(sites, 0.02)
    strands = sample(fractal(), sites.u * 4, sites.v * 0.4, 0.6, sites.seed) - 0.5
    finish.relief = np.clip(1 + 1.2 * strands * sites.fade(0.01), 0.3, 2).astype(np.float32)
    return finish


def cloth(sites: Sites) -> Finish:
    """Plain, striped, checked or with a broad band, always with folds."""
    finish = plain(sites)
    kind = (hashed(sites.seed, 8) * 5).astype(np.int32)
    width = 0.05 + 0.1 * hashed(sites.seed, 9)
    across = (np.floor(sites.v / width) % 2).astype(np.float32)
    upright = (np.floor(sites.u / width) % 2).astype(np.float32)
    band = (np.abs(sites.v) < 0.06).astype(np.float32)
    choices: list[Float32] = [across, single((across + upright) / 2), band]
    pattern = np.select([kind == 0, kind == 1, kind == 2], choices, 0.0).astype(np.float32)
    second = 0.9 - finish.albedo * 0.9
    share = pattern * sites.fade(0.05) * 0.75
    finish.albedo = finish.albedo * (1 - share)[:, None] + second * share[:, None]
    folds = sample(fractal(), sites.u * 2, sites.v, 0.9, sites.seed) - 0.5
    finish.relief = np.clip(1 + 0.8 * folds, 0.4, 1.6).astype(np.float32)
    return finish
