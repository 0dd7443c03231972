"""Proportions of car bodies."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rgbt_perception.simulation.scenes.item import Rng


@dataclass(frozen=True)
class CarStyle:
    """Side view of a car; metres, stations measured from the front bumper.

    Attributes:
        name: catalogue name.
        length, width, height: overall.
        belt: height of bonnet and lower edge of the windows.
        clearance: height of the underside.
        screen: where the windscreen starts on the bonnet.
        roof: where the roof starts and ends.
        tail: where the rear window meets the body (at the back for hatchbacks).
        wheel: radius of the wheels.
        cargo: ``none``, ``bed`` (open pickup bed) or ``box`` (closed van without rear windows).
    """

    name: str
    length: float
    width: float
    height: float
    belt: float
    clearance: float
    screen: float
    roof: tuple[float, float]
    tail: float
    wheel: float
    cargo: str = "none"


STYLES: tuple[CarStyle, ...] = (
    CarStyle("car_hatchback", 4.1, 1.76, 1.48, 0.92, 0.2, 1.0, (1.75, 3.7), 4.0, 0.31),
    CarStyle("car_city", 3.4, 1.62, 1.55, 0.95, 0.18, 0.6, (1.25, 3.05), 3.3, 0.28),
    CarStyle("car_saloon", 4.7, 1.82, 1.44, 0.9, 0.18, 1.3, (2.1, 3.4), 4.1, 0.33),
    CarStyle("car_estate", 4.75, 1.83, 1.48, 0.9, 0.18, 1.25, (2.0, 4.35), 4.65, 0.33),
    CarStyle("car_coupe", 4.4, 1.84, 1.32, 0.85, 0.14, 1.5, (2.25, 3.1), 4.1, 0.34),
    CarStyle("car_suv", 4.6, 1.9, 1.72, 1.08, 0.26, 1.1, (1.75, 4.1), 4.5, 0.37),
    CarStyle("car_mpv", 4.5, 1.84, 1.66, 1.0, 0.2, 0.7, (1.6, 4.1), 4.4, 0.33),
    CarStyle("car_taxi", 4.8, 1.82, 1.47, 0.92, 0.18, 1.25, (2.0, 3.7), 4.4, 0.33),
    CarStyle("car_police", 4.7, 1.85, 1.55, 0.95, 0.2, 1.2, (1.9, 4.2), 4.6, 0.34),
    CarStyle("van_panel", 5.2, 2.0, 2.3, 1.2, 0.25, 0.45, (1.3, 5.05), 5.15, 0.35, "box"),
    CarStyle("van_minibus", 5.0, 1.95, 1.98, 1.1, 0.22, 0.55, (1.3, 4.8), 4.95, 0.34),
    CarStyle("pickup", 5.2, 1.88, 1.76, 1.08, 0.28, 1.25, (1.85, 3.2), 3.4, 0.38, "bed"),
)


def varied(style: CarStyle, rng: Rng) -> CarStyle:
    """A make of its own: the style stretched by a few percent each way."""
    along, across, up = (float(k) for k in rng.uniform(0.94, 1.06, 3))
    return replace(
        style,
        length=style.length * along,
        width=style.width * across,
        height=style.height * up,
        belt=style.belt * up,
        screen=style.screen * along * float(rng.uniform(0.85, 1.15)),
        roof=(style.roof[0] * along, style.roof[1] * along),
        tail=style.tail * along,
    )
