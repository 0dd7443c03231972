"""Thermal behaviour of the materials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rgbt_perception.simulation.parts import MaterialName


@dataclass(frozen=True)
class Thermal:
    """How one material warms, cools and radiates, 8 to 14 um.

    Attributes:
        emissivity: at normal incidence.
        sun: share of the possible sun warming (thin and insulated: 1, heavy or shaded: less).
        stored: share of the day's warmth that it still holds (heavy: 1).
        sky: share of the possible cooling under an open sky (thin: 1).
        mottle: kelvin, standard deviation of slow variation over the surface.
        living: its warmth is regulated: people and animals.
    """

    emissivity: float
    sun: float
    stored: float
    sky: float
    mottle: float
    living: bool = False


_M = MaterialName
THERMAL: Mapping[MaterialName, Thermal] = {
    _M.ASPHALT: Thermal(0.95, 0.75, 1.0, 0.45, 0.35),
    _M.LANE_PAINT: Thermal(0.93, 0.7, 0.95, 0.45, 0.3),
    _M.PAVING: Thermal(0.94, 0.65, 0.85, 0.5, 0.35),
    _M.CONCRETE: Thermal(0.93, 0.55, 0.85, 0.4, 0.4),
    _M.BRICK: Thermal(0.93, 0.6, 0.8, 0.4, 0.4),
    _M.PLASTER: Thermal(0.92, 0.55, 0.6, 0.5, 0.4),
    _M.FACADE_BRICK: Thermal(0.93, 0.6, 0.8, 0.4, 0.45),
    _M.FACADE_PLASTER: Thermal(0.92, 0.55, 0.6, 0.5, 0.5),
    _M.GLASS: Thermal(0.84, 0.2, 0.15, 0.9, 0.1),
    _M.CAR_PAINT: Thermal(0.88, 0.95, 0.0, 1.2, 0.2),
    _M.BARE_METAL: Thermal(0.25, 0.7, 0.0, 1.0, 0.1),
    _M.RUSTED_METAL: Thermal(0.75, 0.9, 0.1, 1.0, 0.4),
    _M.RUBBER: Thermal(0.95, 0.6, 0.3, 0.3, 0.2),
    _M.PLASTIC: Thermal(0.92, 0.8, 0.0, 0.9, 0.2),
    _M.FOLIAGE: Thermal(0.97, 0.18, 0.05, 0.25, 0.3),
    _M.BARK: Thermal(0.95, 0.35, 0.25, 0.2, 0.4),
    _M.WOOD: Thermal(0.92, 0.6, 0.1, 0.6, 0.35),
    _M.GRASS: Thermal(0.97, 0.25, 0.05, 0.75, 0.4),
    _M.SOIL: Thermal(0.94, 0.55, 0.4, 0.5, 0.5),
    _M.SKIN: Thermal(0.98, 0.05, 0.0, 0.05, 0.35, living=True),
    _M.HAIR: Thermal(0.96, 0.35, 0.0, 0.2, 0.4, living=True),
    _M.CLOTH: Thermal(0.93, 0.4, 0.0, 0.25, 0.7, living=True),
    _M.SIGN_FACE: Thermal(0.85, 0.7, 0.0, 1.1, 0.1),
    _M.RUBBLE: Thermal(0.94, 0.6, 0.5, 0.4, 0.8),
    _M.ROCK: Thermal(0.94, 0.6, 0.7, 0.35, 0.5),
    _M.TILE: Thermal(0.9, 0.4, 0.5, 0.4, 0.25),
    _M.LAMP_GLASS: Thermal(0.9, 0.3, 0.0, 0.6, 0.1),
    _M.EMBER: Thermal(0.95, 0.1, 0.5, 0.1, 2.0),
}
