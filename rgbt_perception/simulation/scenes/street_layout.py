"""The plan of a street scene: roads, what lies beside them, and the way the rig takes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rgbt_perception.simulation.scenes.item import Rng
from rgbt_perception.simulation.scenes.path import Path, winding

PARKING_WIDTH = 2.2
LONGEST_ROUTE = 1500.0
"""Metres; a longer recording drives more slowly instead of building a longer world."""

KINDS = ("town", "suburb", "park", "industry")


@dataclass(frozen=True)
class Side:
    """One side of a road.

    Attributes:
        sign: 1 left, -1 right of the road's direction.
        kind: one of ``KINDS``.
        parking: whether cars are parked along the kerb.
        pavement: width, metres.
        setback: from the pavement to the fronts of buildings, metres.
        kerb: distance of the kerb from the centre line, metres.
    """

    sign: float
    kind: str
    parking: bool
    pavement: float
    setback: float
    kerb: float

    @property
    def back(self) -> float:
        """Distance of the outer edge of the pavement from the centre line, metres."""
        return self.kerb + self.pavement


@dataclass(frozen=True)
class Road:
    """A road from station ``start`` to ``end`` of its path.

    Attributes:
        path: the centre line.
        start, end: metres along it.
        lane: width of a lane, metres.
        lanes: in each direction.
        sides: left and right.
        marking: ``dashed``, ``solid`` or ``none`` on the centre line.
        gaps: stretches (from, to) where another road crosses.
    """

    path: Path
    start: float
    end: float
    lane: float
    lanes: int
    sides: tuple[Side, Side]
    marking: str
    gaps: tuple[tuple[float, float], ...] = ()

    def stretches(self, clearance: float = 0.0) -> list[tuple[float, float]]:
        """The road without its crossings, each widened by ``clearance`` metres."""
        pieces, station = [], self.start
        for low, high in sorted(self.gaps):
            if low - clearance > station + 1.0:
                pieces.append((station, low - clearance))
            station = max(station, high + clearance)
        if self.end > station + 1.0:
            pieces.append((station, self.end))
        return pieces


@dataclass(frozen=True)
class Layout:
    """A street scene before anything stands in it.

    Attributes:
        roads: the main road first.
        route: the way of the rig.
        ground: material of the land beside the roads, ``grass``, ``soil`` or ``paving``.
        driving_side: -1 traffic keeps right, 1 left.
        turns: the rig leaves the main road at the first crossing.
    """

    roads: tuple[Road, ...]
    route: Path
    ground: str
    driving_side: float
    turns: bool


def draw_layout(rng: Rng, distance: float, speed: float) -> Layout:
    """Draw the plan for a drive of ``distance`` metres at a mean ``speed`` in metres per second."""
    driving_side = 1.0 if rng.random() < 0.15 else -1.0
    kinds = _side_kinds(rng)
    turns = distance > 15.0 and speed < 6.0 and rng.random() < 0.35
    leftwards = 1.0 if rng.random() < 0.5 else -1.0
    curved = not turns and rng.random() < 0.4
    corner = float(rng.uniform(0.25, 0.6)) * distance + 12.0
    length = corner + 70.0 if turns else distance + 85.0
    lane, lanes = float(rng.uniform(2.5, 3.7)), 2 if rng.random() < 0.15 else 1
    path = winding(rng, length, (90.0, 260.0), 50.0) if curved else Path([(length, 0.0)])
    sides = (_side(rng, 1.0, kinds[0], lane * lanes), _side(rng, -1.0, kinds[1], lane * lanes))
    marking = ("dashed", "solid", "none")[int(rng.choice(3, p=[0.65, 0.15, 0.2]))]
    if turns:
        crossings = [corner]
        arm, other = distance + 80.0 - 0.5 * corner, 35.0
        reach = (other, arm) if leftwards > 0 else (arm, other)
    else:
        crossings = [] if curved else _crossings(rng, length)
        reach = (42.0, 42.0)
    cross_roads = [
        _cross_road(rng, path, station, max(side.back for side in sides), reach, turns)
        for station in crossings
    ]
    gaps = tuple(
        # The left side of a road that leads off to the left is the nearer one.
        (s - road.sides[0].kerb, s + road.sides[1].kerb)
        for s, road in zip(crossings, cross_roads, strict=True)
    )
    main = Road(path, -12.0, length, lane, lanes, sides, marking, gaps)
    own_lane = driving_side * lane * (lanes - 0.5)
    if turns:
        route = _turning_route(rng, main, cross_roads[0], corner, driving_side, leftwards)
    else:
        route = _parallel(path, own_lane, length)
    ground = {"town": "paving", "industry": "soil"}.get(kinds[0], "grass")
    return Layout((main, *cross_roads), route, ground, driving_side, turns)


def _side_kinds(rng: Rng) -> tuple[str, str]:
    first = KINDS[int(rng.choice(4, p=[0.4, 0.27, 0.18, 0.15]))]
    if rng.random() < 0.6:
        return first, first
    second = KINDS[int(rng.integers(4))]
    return (first, second) if rng.random() < 0.5 else (second, first)


def _side(rng: Rng, sign: float, kind: str, lanes: float) -> Side:
    setbacks = {
        "town": (0.0, 1.5),
        "suburb": (3.0, 9.0),
        "park": (1.0, 4.0),
        "industry": (2.0, 8.0),
    }
    parking = rng.random() < {"town": 0.75, "suburb": 0.5, "park": 0.4, "industry": 0.35}[kind]
    return Side(
        sign,
        kind,
        bool(parking),
        float(rng.uniform(1.8, 4.5) if kind == "town" else rng.uniform(1.5, 2.8)),
        float(rng.uniform(*setbacks[kind])),
        lanes + (PARKING_WIDTH if parking else 0.25),
    )


def _crossings(rng: Rng, length: float) -> list[float]:
    stations, station = [], float(rng.uniform(15.0, 90.0))
    while station < length - 25.0:
        stations.append(station)
        station += float(rng.uniform(80.0, 200.0))
    return stations


def _cross_road(
    rng: Rng,
    main: Path,
    station: float,
    edge: float,
    reach: tuple[float, float],
    turning: bool,
) -> Road:
    x, y, heading = main.at(station)
    lane = float(rng.uniform(2.7, 3.4))
    kind = KINDS[int(rng.integers(4))]
    path = Path([(reach[1], 0.0)], (x, y, heading + math.pi / 2))
    sides = (_side(rng, 1.0, kind, lane), _side(rng, -1.0, kind, lane))
    # Either a crossing, or a junction with an arm to one side only.
    arms = 0 if turning else int(rng.choice(3, p=[0.5, 0.25, 0.25]))
    start = -reach[0] if arms != 1 else -edge
    end = reach[1] if arms != 2 else edge
    marking = "dashed" if rng.random() < 0.4 else "none"
    return Road(path, start, end, lane, 1, sides, marking, ((-edge, edge),))


def _parallel(path: Path, lateral: float, length: float) -> Path:
    """The curve ``lateral`` metres to the left of another one."""
    pieces = []
    step = 2.0
    for number in range(int(length / step)):
        bend = path.curvature((number + 0.5) * step)
        pieces.append((step * (1 - bend * lateral), bend / (1 - bend * lateral)))
    return Path(pieces, path.at(0.0, lateral))


def _turning_route(
    rng: Rng, main: Road, cross: Road, station: float, driving_side: float, leftwards: float
) -> Path:
    """Along the main road, round the corner, along the cross road."""
    lateral = driving_side * main.lane * (main.lanes - 0.5)
    # Seen along the main road: the lane of the cross road that leads away from the corner.
    target = -leftwards * driving_side * cross.lane / 2
    near = leftwards == driving_side
    radius = float(rng.uniform(9.0, 13.0))
    if near:
        side = main.sides[0] if leftwards > 0 else main.sides[1]
        room = min(side.kerb - abs(lateral), cross.sides[0].kerb - abs(target))
        radius = max(4.0, (math.sqrt(2) * room - 1.2) / (math.sqrt(2) - 1))
        radius = min(radius, 12.0)
    before = station + target - radius
    pieces = [
        (before, 0.0),
        (radius * math.pi / 2, leftwards / radius),
        (10.0, 0.0),
    ]
    return Path(pieces, main.path.at(0.0, lateral))
