"""The contract between scene composition and rendering: what a simulated scene consists of.

Composition (``simulation/scenes/``) fills these records; rendering (``simulation/rendering/``)
turns them into pictures. Neither knows how the other works.
World frame: x east, y north, z up (REP 103), metres. Quaternions are (w, x, y, z).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]
Pose = tuple[Vector, Quaternion]
Motion = Callable[[float], Pose]
"""Time in seconds since the start to the pose in the world."""

IDENTITY: Quaternion = (1.0, 0.0, 0.0, 0.0)


class Shape(str, Enum):
    """Geometric primitives; ``size`` below says what their numbers mean."""

    BOX = "box"
    SPHERE = "sphere"
    ELLIPSOID = "ellipsoid"
    CYLINDER = "cylinder"
    CAPSULE = "capsule"


class MaterialName(str, Enum):
    """Every material that rendering knows."""

    ASPHALT = "asphalt"
    LANE_PAINT = "lane_paint"
    PAVING = "paving"
    CONCRETE = "concrete"
    BRICK = "brick"
    PLASTER = "plaster"
    FACADE_BRICK = "facade_brick"  # brick with a procedural grid of windows
    FACADE_PLASTER = "facade_plaster"  # plaster with a procedural grid of windows
    GLASS = "glass"
    CAR_PAINT = "car_paint"
    BARE_METAL = "bare_metal"
    RUSTED_METAL = "rusted_metal"
    RUBBER = "rubber"
    PLASTIC = "plastic"
    FOLIAGE = "foliage"
    BARK = "bark"
    WOOD = "wood"
    GRASS = "grass"
    SOIL = "soil"
    SKIN = "skin"
    HAIR = "hair"
    CLOTH = "cloth"
    SIGN_FACE = "sign_face"  # a bold printed pattern
    RUBBLE = "rubble"
    ROCK = "rock"
    TILE = "tile"
    LAMP_GLASS = "lamp_glass"  # glows when it is dark
    EMBER = "ember"  # glowing hot


@dataclass(frozen=True)
class Heat:
    """Warmth beyond what air, sky and sun make of a part.

    The excess falls off as a Gaussian of ``radius`` round ``center``.

    Attributes:
        excess: kelvin above the air at the hottest point (negative: colder).
        center: hottest point, metres, in the part's own frame.
        radius: metres; ``inf`` warms the whole part.
    """

    excess: float
    center: Vector = (0.0, 0.0, 0.0)
    radius: float = float("inf")


@dataclass(frozen=True)
class Part:
    """One solid.

    Attributes:
        shape: primitive.
        size: metres; BOX and ELLIPSOID half extents (x, y, z); SPHERE (radius, 0, 0); CYLINDER
            and CAPSULE (radius, half length along z without the caps, 0).
        position, orientation: in the frame of the body (or the world for static parts).
        material: look and thermal behaviour.
        label: FMB class id.
        color: linear reflectance R G B, each 0 to 1, multiplied with the material's own texture.
        heat: sources of warmth inside the part.
        texture_seed: varies the texture between equal parts.
    """

    shape: Shape
    size: Vector
    position: Vector
    orientation: Quaternion
    material: MaterialName
    label: int
    color: Vector = (0.5, 0.5, 0.5)
    heat: tuple[Heat, ...] = ()
    texture_seed: int = 0


@dataclass(frozen=True)
class Lamp:
    """A light source, switched on when it is dark (or always).

    Attributes:
        position: metres, in the frame of the body (or world).
        direction: unit vector of the beam, same frame; ignored when ``half_angle`` is pi.
        half_angle: radians, half width of the beam.
        power: radiant strength; 1.0 lights a white wall at 5 m like a street lamp.
        color: linear R G B, largest 1.
        always: burns by day too.
    """

    position: Vector
    direction: Vector
    half_angle: float
    power: float
    color: Vector = (1.0, 0.9, 0.75)
    always: bool = False


@dataclass(frozen=True)
class Body:
    """Parts that move together; several bodies make an articulated figure.

    Attributes:
        name: catalogue name, for counting distinct objects (``car_estate``, ``person/left_shin``).
        motion: pose in the world over time; must be a pure function of time.
        parts: in the body frame.
        lamps: in the body frame.
    """

    name: str
    motion: Motion
    parts: tuple[Part, ...]
    lamps: tuple[Lamp, ...] = ()


@dataclass(frozen=True)
class SceneDescription:
    """A whole scene.

    Attributes:
        name: ``street`` or ``rescue``.
        static: parts that never move, in the world (the ground included).
        bodies: everything that moves.
        lamps: fixed lamps, in the world.
        rig_motion: pose of ``base_link`` (x forward, y left, z up) over time, shake included.
        indoor: no sun or sky reaches most of it (tunnel).
        catalogue: distinct object names used, for counting.
        ego_lamps: lamps carried by the rig (headlights, torch), in ``base_link``.
    """

    name: str
    static: tuple[Part, ...]
    bodies: tuple[Body, ...]
    lamps: tuple[Lamp, ...]
    rig_motion: Motion
    indoor: bool
    catalogue: tuple[str, ...]
    ego_lamps: tuple[Lamp, ...] = ()
