"""Colours of things, linear reflectance, and how they are drawn."""

from __future__ import annotations

from collections.abc import Sequence

from rgbt_perception.simulation.parts import Vector
from rgbt_perception.simulation.scenes.item import Rng

WHITE: Vector = (0.8, 0.8, 0.78)
BLACK: Vector = (0.03, 0.03, 0.03)
DARK: Vector = (0.08, 0.08, 0.09)
GREY: Vector = (0.35, 0.35, 0.35)
STEEL: Vector = (0.5, 0.5, 0.52)
RED: Vector = (0.55, 0.04, 0.03)
LAMP_RED: Vector = (0.8, 0.05, 0.03)
LAMP_WHITE: Vector = (0.9, 0.88, 0.8)
WINDOW: Vector = (0.1, 0.13, 0.15)

CAR_PAINTS: tuple[Vector, ...] = (
    (0.75, 0.75, 0.74),
    (0.75, 0.75, 0.74),
    (0.45, 0.46, 0.48),
    (0.3, 0.31, 0.33),
    (0.14, 0.15, 0.16),
    (0.03, 0.03, 0.035),
    (0.03, 0.03, 0.035),
    (0.04, 0.08, 0.25),
    (0.08, 0.2, 0.4),
    (0.42, 0.03, 0.03),
    (0.05, 0.16, 0.09),
    (0.5, 0.42, 0.28),
    (0.65, 0.28, 0.04),
    (0.55, 0.5, 0.08),
)
CLOTHES: tuple[Vector, ...] = (
    (0.03, 0.03, 0.04),
    (0.05, 0.06, 0.12),
    (0.08, 0.1, 0.2),
    (0.2, 0.2, 0.22),
    (0.4, 0.4, 0.42),
    (0.7, 0.7, 0.68),
    (0.4, 0.06, 0.06),
    (0.1, 0.25, 0.12),
    (0.35, 0.26, 0.14),
    (0.6, 0.5, 0.15),
    (0.15, 0.35, 0.55),
    (0.5, 0.25, 0.35),
)
TROUSERS: tuple[Vector, ...] = (
    (0.04, 0.06, 0.14),
    (0.1, 0.14, 0.26),
    (0.03, 0.03, 0.035),
    (0.15, 0.15, 0.16),
    (0.38, 0.32, 0.2),
    (0.2, 0.14, 0.08),
)
SKINS: tuple[Vector, ...] = (
    (0.62, 0.42, 0.32),
    (0.55, 0.36, 0.26),
    (0.4, 0.24, 0.15),
    (0.25, 0.14, 0.08),
    (0.13, 0.07, 0.045),
)
HAIRS: tuple[Vector, ...] = (
    (0.02, 0.015, 0.01),
    (0.07, 0.04, 0.02),
    (0.2, 0.12, 0.06),
    (0.45, 0.32, 0.14),
    (0.4, 0.4, 0.4),
)
BRICKS: tuple[Vector, ...] = (
    (0.4, 0.14, 0.09),
    (0.3, 0.12, 0.08),
    (0.45, 0.3, 0.18),
    (0.25, 0.22, 0.2),
)
PLASTERS: tuple[Vector, ...] = (
    (0.7, 0.66, 0.55),
    (0.75, 0.73, 0.68),
    (0.6, 0.45, 0.28),
    (0.65, 0.55, 0.25),
    (0.45, 0.5, 0.52),
    (0.55, 0.32, 0.25),
    (0.4, 0.48, 0.36),
    (0.35, 0.34, 0.33),
)
ROOFS: tuple[Vector, ...] = ((0.35, 0.12, 0.07), (0.2, 0.09, 0.06), (0.12, 0.12, 0.13))
LEAVES: tuple[Vector, ...] = (
    (0.06, 0.15, 0.03),
    (0.09, 0.2, 0.04),
    (0.13, 0.22, 0.05),
    (0.04, 0.1, 0.04),
    (0.3, 0.22, 0.04),
    (0.35, 0.13, 0.03),
)
WOODS: tuple[Vector, ...] = ((0.25, 0.15, 0.08), (0.4, 0.27, 0.14), (0.15, 0.09, 0.05))
SIGNALS: tuple[Vector, ...] = ((0.6, 0.05, 0.03), (0.65, 0.3, 0.02), (0.7, 0.55, 0.03))
PAINTED: tuple[Vector, ...] = (
    (0.05, 0.16, 0.08),
    (0.06, 0.1, 0.2),
    (0.45, 0.05, 0.04),
    (0.6, 0.45, 0.05),
    (0.35, 0.36, 0.37),
    (0.1, 0.1, 0.1),
    (0.6, 0.6, 0.58),
)


def pick(rng: Rng, palette: Sequence[Vector], spread: float = 0.15) -> Vector:
    """One colour of the palette, varied by about ``spread`` in brightness and a little in hue."""
    base = palette[int(rng.integers(len(palette)))]
    gains = (1 + spread * float(rng.uniform(-1, 1))) * (1 + 0.06 * rng.uniform(-1, 1, 3))
    return vary(base, gains.tolist())


def vary(color: Vector, gains: Sequence[float]) -> Vector:
    """A colour times one gain for each channel, held between 0 and 0.9."""
    r, g, b = (min(0.9, max(0.0, c * k)) for c, k in zip(color, gains, strict=True))
    return (r, g, b)


def grey(rng: Rng, low: float, high: float) -> Vector:
    """A nearly neutral colour between two levels of brightness."""
    level = float(rng.uniform(low, high))
    return vary((level, level, level), (1 + 0.05 * rng.uniform(-1, 1, 3)).tolist())
