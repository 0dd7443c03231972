"""Everything flat: land, carriageways, pavements, kerbs, markings."""

from __future__ import annotations

from rgbt_perception.simulation.parts import MaterialName, Vector
from rgbt_perception.simulation.scenes.builder import SceneBuilder
from rgbt_perception.simulation.scenes.item import Rng
from rgbt_perception.simulation.scenes.labels import Label
from rgbt_perception.simulation.scenes.palette import grey
from rgbt_perception.simulation.scenes.path import Path
from rgbt_perception.simulation.scenes.rotations import turn_z
from rgbt_perception.simulation.scenes.solids import box
from rgbt_perception.simulation.scenes.street_layout import Layout, Road, Side

M = MaterialName

ROAD_TOP = 0.012
PAVEMENT_TOP = 0.12
PAINT_TOP = 0.022

LANDS: dict[str, tuple[MaterialName, Label, Vector]] = {
    "grass": (M.GRASS, Label.VEGETATION, (0.12, 0.2, 0.06)),
    "soil": (M.SOIL, Label.ROAD, (0.3, 0.24, 0.17)),
    "paving": (M.PAVING, Label.SIDEWALK, (0.4, 0.38, 0.36)),
}


def strip(
    builder: SceneBuilder,
    path: Path,
    stations: tuple[float, float],
    laterals: tuple[float, float],
    top: float,
    look: tuple[MaterialName, Label, Vector],
) -> None:
    """A band along a path, in pieces short enough to follow its bends.

    Args:
        builder: the scene.
        path: the centre line.
        stations: from and to along the path, metres.
        laterals: right and left edge, metres to the left of the path.
        top: height of the surface, metres.
        look: material, label, colour.
    """
    start, end = stations
    middle, half_width = (laterals[0] + laterals[1]) / 2, (laterals[1] - laterals[0]) / 2
    number = 0
    while start < end - 0.01:
        bend = abs(path.bend(start, min(start + 14.0, end)))
        length = min(end - start, 14.0 if bend > 0 else 60.0)
        x, y, heading = path.at(start + length / 2, middle)
        # Pieces overlap on the outside of a bend; neighbours differ by 2 mm so none is coplanar.
        overlap = 0.5 * bend * length * (abs(middle) + half_width)
        lift = 0.002 * (number % 2)
        half = ((length + overlap) / 2 + 0.01, half_width, 0.15)
        builder.add(box(half, (x, y, top + lift - 0.15), *look, turn_z(heading)))
        start += length
        number += 1


def lay_ground(builder: SceneBuilder, layout: Layout) -> None:
    """Lay the land and all roads of a plan."""
    rng = builder.rng
    main = layout.roads[0]
    x, y, _ = main.path.at((main.start + main.end) / 2)
    extent = 600.0 + (main.end - main.start) / 2
    builder.add(box((extent, extent, 0.5), (x, y, -0.5), *LANDS[layout.ground]))
    paving = (M.PAVING if rng.random() < 0.7 else M.CONCRETE, Label.SIDEWALK, grey(rng, 0.25, 0.5))
    asphalt: tuple[MaterialName, Label, Vector] = (M.ASPHALT, Label.ROAD, grey(rng, 0.06, 0.16))
    for number, road in enumerate(layout.roads):
        _lay_road(builder, road, asphalt, paving, ROAD_TOP - 0.004 * min(number, 1))


def _lay_road(
    builder: SceneBuilder,
    road: Road,
    asphalt: tuple[MaterialName, Label, Vector],
    paving: tuple[MaterialName, Label, Vector],
    top: float,
) -> None:
    rng = builder.rng
    left, right = road.sides
    strip(builder, road.path, (road.start, road.end), (-right.kerb, left.kerb), top, asphalt)
    kerb: tuple[MaterialName, Label, Vector] = (M.CONCRETE, Label.SIDEWALK, grey(rng, 0.35, 0.55))
    for side in road.sides:
        for stretch in road.stretches():
            _band(builder, road.path, stretch, side, (0.15, side.pavement), PAVEMENT_TOP, paving)
            _band(builder, road.path, stretch, side, (0.0, 0.15), PAVEMENT_TOP + 0.01, kerb)
    for start, end in road.stretches(1.5):
        _mark(builder, road, start, end)


def _band(
    builder: SceneBuilder,
    path: Path,
    stretch: tuple[float, float],
    side: Side,
    span: tuple[float, float],
    top: float,
    look: tuple[MaterialName, Label, Vector],
) -> None:
    near, far = side.sign * (side.kerb + span[0]), side.sign * (side.kerb + span[1])
    strip(builder, path, stretch, (min(near, far), max(near, far)), top, look)


def _mark(builder: SceneBuilder, road: Road, start: float, end: float) -> None:
    white: tuple[MaterialName, Label, Vector] = (M.LANE_PAINT, Label.ROAD, (0.75, 0.75, 0.72))
    if road.marking == "solid":
        strip(builder, road.path, (start, end), (-0.07, 0.07), PAINT_TOP, white)
    elif road.marking == "dashed":
        station = start + 1.0
        while station < end - 4.0:
            strip(builder, road.path, (station, station + 3.5), (-0.06, 0.06), PAINT_TOP, white)
            station += 10.0
    for side in road.sides:
        if side.parking:
            edge = side.sign * road.lane * road.lanes
            strip(builder, road.path, (start, end), (edge - 0.05, edge + 0.05), PAINT_TOP, white)


def zebra(builder: SceneBuilder, rng: Rng, road: Road, station: float) -> None:
    """A pedestrian crossing over a road at ``station``."""
    white: tuple[MaterialName, Label, Vector] = (M.LANE_PAINT, Label.ROAD, grey(rng, 0.6, 0.8))
    left, right = road.sides
    lateral = -right.kerb + 0.4
    while lateral < left.kerb - 0.6:
        band = (lateral, lateral + 0.5)
        strip(builder, road.path, (station - 1.5, station + 1.5), band, PAINT_TOP + 0.002, white)
        lateral += 1.1
