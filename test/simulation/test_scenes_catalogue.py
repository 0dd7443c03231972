"""The catalogue: many objects, each one parametrised and sound."""

from __future__ import annotations

import numpy as np
import pytest

from rgbt_perception.simulation.parts import Part, Shape
from rgbt_perception.simulation.scenes.catalogue import CATALOGUE
from rgbt_perception.simulation.scenes.item import standing
from rgbt_perception.simulation.scenes.rotations import rotate

ORIGIN = ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0))
# Their lower half is in the ground.
SUNK = ("rubble_pile", "victim_buried", "boulder", "bush", "tent", "fallen_beam", "rebar_bundle")
HANGING = ("duct", "cables", "tube_lamp", "hanging_slab", "pipe_run", "pipe_hot")


def span(part: Part, axis: int) -> tuple[float, float]:
    """Lowest and highest coordinate of a part along a world axis."""
    axes = [rotate(part.orientation, e)[axis] for e in ((1, 0, 0), (0, 1, 0), (0, 0, 1))]
    size = part.size
    if part.shape is Shape.BOX:
        reach = sum(abs(a) * s for a, s in zip(axes, size, strict=True))
    elif part.shape is Shape.ELLIPSOID:
        reach = sum((a * s) ** 2 for a, s in zip(axes, size, strict=True)) ** 0.5
    elif part.shape is Shape.SPHERE:
        reach = size[0]
    else:
        side = 1.0 if part.shape is Shape.CAPSULE else max(0.0, 1 - axes[2] ** 2) ** 0.5
        reach = abs(axes[2]) * size[1] + side * size[0]
    return part.position[axis] - reach, part.position[axis] + reach


def test_there_are_at_least_sixty_distinct_objects() -> None:
    rng = np.random.default_rng(0)
    shapes = {
        tuple((p.shape, p.size, p.position) for p in standing(build(rng), ORIGIN, 0))
        for build in CATALOGUE.values()
    }
    assert len(CATALOGUE) >= 60
    assert len(shapes) == len(CATALOGUE)


@pytest.mark.parametrize("name", CATALOGUE)
def test_each_object_is_parametrised_and_stands_on_the_ground(name: str) -> None:
    items = [CATALOGUE[name](np.random.default_rng(seed)) for seed in range(5)]
    assert all(item.name in (name, f"{name}_fallen") for item in items)
    looks = {
        tuple((p.size, p.color, p.heat, p.position) for p in standing(item, ORIGIN, 0))
        for item in items
    }
    assert len(looks) >= 4
    for item in items:
        assert 1 <= item.part_count <= 30
        parts = standing(item, ORIGIN, 0)
        lowest = min(span(part, 2)[0] for part in parts)
        assert lowest < (0.3 if name == "person_sitting" else 0.1) or name in HANGING, "floats"
        assert lowest > (-2.0 if name in SUNK else -0.35), "sinks"


@pytest.mark.parametrize(
    ("name", "length", "height"),
    [
        ("car_hatchback", (3.7, 4.7), (1.3, 1.7)),
        ("car_suv", (4.2, 5.1), (1.5, 1.95)),
        ("van_panel", (4.8, 5.8), (2.0, 2.6)),
        ("bus_city", (8.9, 12.4), (2.8, 3.8)),
        ("truck_box", (6.0, 9.6), (2.5, 4.0)),
        ("bicycle", (1.5, 2.1), (0.9, 1.2)),
        ("motorcycle", (1.8, 2.3), (0.9, 1.3)),
        ("person_walking", (0.3, 1.4), (1.35, 2.05)),
        ("villa", (7.0, 14.5), (5.0, 12.0)),
    ],
)
def test_sizes_are_those_of_the_real_thing(
    name: str, length: tuple[float, float], height: tuple[float, float]
) -> None:
    for seed in range(6):
        parts = standing(CATALOGUE[name](np.random.default_rng(seed)), ORIGIN, 0)
        long = max(span(p, 0)[1] for p in parts) - min(span(p, 0)[0] for p in parts)
        assert length[0] <= long <= length[1]
        assert height[0] <= max(span(p, 2)[1] for p in parts) <= height[1]


def test_a_driven_car_is_warmer_than_a_cold_one() -> None:
    from rgbt_perception.simulation.scenes.cars import State, car
    from rgbt_perception.simulation.scenes.vehicle_styles import STYLES

    for style in STYLES:
        cold = car(np.random.default_rng(1), style, State.COLD)
        driven = car(np.random.default_rng(1), style, State.DRIVING)
        assert not [h for p in cold.parts for h in p.heat]
        warm = [p for p in driven.parts if p.heat]
        # Engine, four tyres, exhaust: warmth differs from place to place.
        assert len(warm) >= 6
        assert len({h.excess for p in warm for h in p.heat}) >= 4
        assert driven.lamps
        assert not cold.lamps
