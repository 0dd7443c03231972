"""Walls with a grid of windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rgbt_perception.simulation.rendering.arrays import Float32
from rgbt_perception.simulation.rendering.noise import hashed
from rgbt_perception.simulation.rendering.sites import Sites
from rgbt_perception.simulation.rendering.textures.finish import Finish, blend
from rgbt_perception.simulation.rendering.textures.masonry import brick, plaster

_STOREY_M = 3.0


@dataclass(frozen=True)
class Windows:
    """Where the windows are.

    Attributes:
        pane, frame: (N,) float32, share of glass and of frame, 0 to 1.
        key: (N,) float32, random number of each window, 0 to 1.
        height: (N,) float32, 0 at the sill to 1 at the lintel.
    """

    pane: Float32
    frame: Float32
    key: Float32
    height: Float32


def windows(sites: Sites) -> Windows:
    """The grid of windows on upright faces, fitted to the width and height of each face."""
    seed = sites.seed
    half_u = np.where(sites.axis == 0, sites.half[:, 1], sites.half[:, 0])
    spacing = 1.9 + 1.6 * hashed(seed, 1)
    columns = np.maximum(np.floor(2 * half_u / spacing), 1)
    storeys = np.maximum(np.floor(2 * sites.half[:, 2] / _STOREY_M), 1)
    along = (sites.u / (2 * half_u) + 0.5) * columns
    up = (sites.v / (2 * sites.half[:, 2]) + 0.5) * storeys
    column, storey = np.floor(along), np.floor(up)
    width = 0.38 + 0.35 * hashed(seed, 2)
    height = 0.45 + 0.2 * hashed(seed, 3)
    cell_u, cell_v = 2 * half_u / columns, 2 * sites.half[:, 2] / storeys
    inside_u = (width / 2 - np.abs(along - column - 0.5)) * cell_u
    inside_v = (height / 2 - np.abs(up - storey - 0.55)) * cell_v
    soft = np.maximum(sites.footprint, 0.01)
    opening = np.clip(np.minimum(inside_u, inside_v) / soft + 0.5, 0, 1)
    bars = np.abs(along - column - 0.5) * cell_u  # a mullion in the middle
    inner = np.minimum(np.minimum(inside_u, inside_v), bars + 0.02) - 0.06
    pane = np.clip(inner / soft + 0.5, 0, 1)
    # Not every bay has a window; narrow faces and roofs have none.
    key = hashed(column, storey, seed, 4)
    there = (sites.axis < 2) & (hashed(column, storey, seed, 5) > 0.06) & (half_u > 0.7)
    return Windows(
        (pane * there).astype(np.float32),
        ((opening - pane).clip(0, 1) * there).astype(np.float32),
        key,
        np.clip((up - storey - 0.55) / height + 0.5, 0, 1).astype(np.float32),
    )


def _with_windows(sites: Sites, wall: Finish) -> Finish:
    grid = windows(sites)
    bright = hashed(sites.seed, 6)
    frame_color = blend(
        np.full((len(sites), 3), 0.75, np.float32), (0.12, 0.1, 0.09), (bright < 0.4) * 1.0
    )
    albedo = wall.albedo * (1 - grid.frame)[:, None] + frame_color * grid.frame[:, None]
    # Dark rooms; in some windows a light curtain.
    curtain = (grid.key % 0.1 > 0.06) * (grid.height > 0.15) * 0.35
    room = np.repeat((0.02 + curtain)[:, None], 3, axis=1).astype(np.float32)
    pane = grid.pane[:, None]
    wall.albedo = albedo * (1 - pane) + room * pane
    wall.gloss = wall.gloss * (1 - grid.pane) + 0.09 * grid.pane
    wall.glass = grid.pane
    lit = (grid.key < 0.22) * grid.pane * (0.4 + 0.6 * grid.height)
    level = 4e-4 * 8.0 ** hashed((grid.key * 1e6).astype(np.int64), 7)
    warm = np.array([[1.0, 0.78, 0.5]], np.float32)
    wall.glow = (lit * level)[:, None] * warm
    wall.relief = wall.relief * (1 - grid.pane) + grid.pane
    return wall


def facade_brick(sites: Sites) -> Finish:
    """Brick with windows."""
    return _with_windows(sites, brick(sites))


def facade_plaster(sites: Sites) -> Finish:
    """Plaster with windows."""
    return _with_windows(sites, plaster(sites))
