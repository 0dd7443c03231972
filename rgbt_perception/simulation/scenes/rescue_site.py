"""The shell of a rescue scene: floor, walls, ceiling and columns along the robot's way."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rgbt_perception.simulation.parts import MaterialName, Vector
from rgbt_perception.simulation.scenes import ruins
from rgbt_perception.simulation.scenes.builder import SceneBuilder
from rgbt_perception.simulation.scenes.item import Rng
from rgbt_perception.simulation.scenes.labels import Label
from rgbt_perception.simulation.scenes.palette import BRICKS, PLASTERS, grey, pick
from rgbt_perception.simulation.scenes.path import Path, winding
from rgbt_perception.simulation.scenes.rotations import multiply, turn_x, turn_z
from rgbt_perception.simulation.scenes.solids import box
from rgbt_perception.simulation.scenes.street_ground import LANDS, strip

M = MaterialName
B = Label.BUILDING

KINDS = ("hall", "tunnel", "passage", "yard")


@dataclass(frozen=True)
class Site:
    """The plan of a rescue scene.

    Attributes:
        kind: one of ``KINDS``: a wide hall, a tunnel, a narrow passage between rooms, a yard.
        path: middle line.
        start, end: stations of the shell on it, metres.
        half_width, height: inside the walls, metres; the height of a yard is that of its walls.
        decay: 0 intact, 1 most of walls and ceiling gone.
        open_end: the far end leads outside.
        rooms: depth of the rooms behind the walls, metres; 0 when outside is behind them.
    """

    kind: str
    path: Path
    start: float
    end: float
    half_width: float
    height: float
    decay: float
    open_end: bool
    rooms: float

    @property
    def wall_height(self) -> float:
        """Of a whole wall, metres: it reaches into the ceiling so that no light leaks in."""
        return self.height + 0.1

    @property
    def roofed(self) -> bool:
        """There is a ceiling."""
        return self.kind != "yard"

    @property
    def indoor(self) -> bool:
        """Daylight reaches little of it."""
        return self.roofed and (self.kind == "tunnel" or self.decay < 0.35)


def draw_site(rng: Rng, travelled: float) -> Site:
    """Draw the plan for a robot that travels so many metres."""
    kind = KINDS[int(rng.choice(4, p=[0.32, 0.25, 0.2, 0.23]))]
    ahead = {"hall": 26.0, "tunnel": 38.0, "passage": 24.0, "yard": 30.0}[kind]
    length = travelled + ahead
    widths = {"hall": (4.0, 8.0), "tunnel": (1.9, 3.4), "passage": (1.3, 2.2), "yard": (5.0, 10.0)}
    heights = {"hall": (2.8, 6.0), "tunnel": (2.5, 4.6), "passage": (2.3, 3.1), "yard": (2.5, 3.5)}
    half_width = float(rng.uniform(*widths[kind]))
    rooms = float(rng.uniform(1.8, 3.5)) if kind == "passage" and rng.random() < 0.75 else 0.0
    # Walls on the inside of a bend need a radius of their own.
    tightest = 2.2 * (half_width + rooms) + 4.0
    return Site(
        kind,
        winding(rng, length, (tightest, 2.2 * tightest), 14.0),
        -6.0,
        length,
        half_width,
        float(rng.uniform(*heights[kind])),
        float(rng.beta(1.5, 2.5)),
        bool(rng.random() < 0.5),
        rooms,
    )


def raise_shell(builder: SceneBuilder, site: Site) -> None:
    """Build floor, walls, ceiling and columns of a plan."""
    rng = builder.rng
    x, y, _ = site.path.at(site.end / 2)
    land = ("soil", "soil", "paving", "grass")[int(rng.integers(4))]
    extent = 500.0 + site.end
    builder.add(box((extent, extent, 0.5), (x, y, -0.5), *LANDS[land]))
    floors = ((M.CONCRETE, grey(rng, 0.2, 0.45)), (M.TILE, pick(rng, PLASTERS)),
              (M.SOIL, (0.25, 0.2, 0.15)), (M.ASPHALT, grey(rng, 0.07, 0.15)))  # fmt: skip
    material, color = floors[int(rng.integers(4))]
    span = (-site.half_width - site.rooms - 0.3, site.half_width + site.rooms + 0.3)
    if site.roofed or rng.random() < 0.5:
        strip(builder, site.path, (site.start, site.end), span, 0.01, (material, Label.ROAD, color))
    finish = _finish(rng)
    for sign in (-1.0, 1.0):
        _wall(builder, site, sign, finish)
        if site.rooms:
            _room_backs(builder, site, sign)
    if site.roofed:
        _ceiling(builder, site, finish)
    if site.kind == "tunnel":
        _ribs(builder, site)
    if site.kind == "hall":
        _columns(builder, site)
    _ends(builder, site, finish)


def _finish(rng: Rng) -> tuple[MaterialName, Vector]:
    material = (M.BRICK, M.PLASTER, M.CONCRETE, M.ROCK)[int(rng.integers(4))]
    if material is M.BRICK:
        return material, pick(rng, BRICKS)
    if material is M.PLASTER:
        return material, pick(rng, PLASTERS)
    return material, grey(rng, 0.18, 0.45)


def _wall(
    builder: SceneBuilder, site: Site, sign: float, finish: tuple[MaterialName, Vector]
) -> None:
    """Pieces of wall, openings, stubs and gaps along one side."""
    rng = builder.rng
    missing = 0.0 if site.kind == "tunnel" else 0.12 + 0.45 * site.decay
    missing = 0.6 if site.kind == "yard" else missing
    openings = {"hall": 0.25, "tunnel": 0.0, "passage": 0.4, "yard": 0.3}[site.kind]
    station = site.start
    while station < site.end:
        chance = float(rng.random())
        middle = station + 2.0
        lateral = sign * (site.half_width + (0.15 if site.kind == "tunnel" else 0.0))
        x, y, heading = site.path.at(middle, lateral)
        facing = heading - sign * math.pi / 2
        if chance < missing:
            if rng.random() < 0.5:
                builder.try_put(ruins.wall_stub(rng, site.height), x, y, 0.0, facing)
            elif rng.random() < 0.7:
                pile = ruins.rubble_pile(rng, float(rng.uniform(0.8, 1.9)))
                builder.try_put(pile, x, y, 0.0, facing, -0.2)
            station += 3.0
        elif chance < missing + openings:
            kind = ("door", "window", "hole")[int(rng.integers(3))]
            item = ruins.wall_with_opening(rng, kind, site.wall_height)
            half = item.footprint[1]
            x, y, heading = site.path.at(station + half, lateral)
            if builder.try_put(item, x, y, 0.0, heading - sign * math.pi / 2, gap=-0.3):
                station += 2 * half
            else:
                station += 1.0
        else:
            half_length = 2.0 if site.path.bend(station, station + 5.2) else 2.6
            x, y, heading = site.path.at(station + half_length, lateral)
            bend = site.path.bend(station, station + 2 * half_length)
            # Longer on the outside of a bend, shorter on the inside.
            stretch = half_length * max(0.3, 1 - lateral * bend) + 0.06
            panel = (stretch, 0.15, site.wall_height / 2)
            turn = multiply(turn_z(heading), turn_x(float(rng.normal(0, 0.01))))
            builder.add(box(panel, (x, y, panel[2]), finish[0], B, finish[1], turn))
            builder.occupancy.take(x, y, heading, (stretch, 0.15))
            station += 2 * half_length


def _room_backs(builder: SceneBuilder, site: Site, sign: float) -> None:
    """The far walls of the rooms on one side, some of them gone, and cross walls between."""
    rng = builder.rng
    material, color = _finish(rng)
    station = site.start
    while station < site.end:
        length = float(rng.uniform(3.5, 6.0))
        if rng.random() > 0.5 * site.decay:
            lateral = sign * (site.half_width + site.rooms)
            x, y, heading = site.path.at(station + length / 2, lateral)
            half = (0.55 * length, 0.1, site.wall_height / 2)
            builder.add(box(half, (x, y, half[2]), material, B, color, turn_z(heading)))
        x, y, heading = site.path.at(station, sign * (site.half_width + 0.15 + site.rooms / 2))
        cross = (0.07, site.rooms / 2, site.wall_height / 2)
        builder.add(box(cross, (x, y, cross[2]), material, B, color, turn_z(heading)))
        station += length


def _ceiling(builder: SceneBuilder, site: Site, finish: tuple[MaterialName, Vector]) -> None:
    """Slabs overhead with holes; a tunnel gets slanted haunches as well."""
    rng = builder.rng
    holes = 0.03 if site.kind == "tunnel" else 0.05 + 0.6 * site.decay
    color = grey(rng, 0.25, 0.5)
    covered = False
    station = site.start
    while station < site.end:
        length = 4.0
        x, y, heading = site.path.at(station + length / 2)
        bend = abs(site.path.bend(station, station + length))
        stretch = length / 2 * (1 + (site.half_width + site.rooms) * bend)
        whole = rng.random() > holes
        if whole:
            half = (stretch + 0.02, site.half_width + 0.3 + site.rooms, 0.12)
            tilt = multiply(turn_z(heading), turn_x(float(rng.normal(0, 0.01))))
            at = (x, y, site.height + 0.12 + 0.004 * (int(station) % 3))
            builder.add(box(half, at, M.CONCRETE, B, color, tilt))
        elif covered and rng.random() < 0.8:
            lateral = float(rng.uniform(-1, 1)) * (site.half_width - 1.0)
            px, py, _ = site.path.at(station, lateral)
            slab = ruins.hanging_slab(rng, site.height)
            builder.try_put(slab, px, py, 0.0, heading)
        if site.kind == "tunnel":
            for sign in (-1.0, 1.0):
                px, py, _ = site.path.at(station + length / 2, sign * site.half_width)
                haunch = (stretch + 0.05, 0.1, 0.25 * site.height)
                turn = multiply(turn_z(heading), turn_x(sign * math.pi / 4))
                builder.add(
                    box(haunch, (px, py, 0.97 * site.height), finish[0], B, finish[1], turn)
                )
        covered = whole
        station += length


def _ribs(builder: SceneBuilder, site: Site) -> None:
    """Steel or timber frames that carry the tunnel."""
    rng = builder.rng
    pace = float(rng.uniform(3.0, 7.0))
    material, color = ((M.RUSTED_METAL, (0.2, 0.13, 0.09)), (M.WOOD, (0.25, 0.16, 0.09)),
                       (M.CONCRETE, (0.35, 0.34, 0.32)))[int(rng.integers(3))]  # fmt: skip
    station = site.start + 1.0
    while station < site.end:
        for sign in (-1.0, 1.0):
            x, y, heading = site.path.at(station, sign * (site.half_width - 0.05))
            half = (0.09, 0.09, 0.42 * site.height)
            builder.add(box(half, (x, y, half[2]), material, B, color, turn_z(heading)))
        x, y, heading = site.path.at(station)
        beam = (0.09, 0.8 * site.half_width, 0.09)
        builder.add(box(beam, (x, y, site.height - 0.06), material, B, color, turn_z(heading)))
        station += pace


def _columns(builder: SceneBuilder, site: Site) -> None:
    rng = builder.rng
    pace = float(rng.uniform(4.0, 6.5))
    share = float(rng.uniform(0.35, 0.55))
    station = site.start + 2.0
    while station < site.end:
        for sign in (-1.0, 1.0):
            x, y, heading = site.path.at(station, sign * share * site.half_width)
            whole = rng.random() > 0.6 * site.decay
            item = ruins.column(rng, site.height) if whole else ruins.column_stump(rng)
            builder.try_put(item, x, y, 0.0, heading)
        station += pace


def _ends(builder: SceneBuilder, site: Site, finish: tuple[MaterialName, Vector]) -> None:
    """Close the near end, and the far one unless it leads outside."""
    if not site.roofed:
        return
    for station, closed in ((site.start, True), (site.end, not site.open_end)):
        if closed:
            x, y, heading = site.path.at(station)
            half = (0.2, site.half_width + site.rooms + 0.3, site.wall_height / 2)
            at = (x, y, half[2])
            builder.add(box(half, at, finish[0], B, finish[1], turn_z(heading)))
            builder.occupancy.take(x, y, heading, half[:2])
