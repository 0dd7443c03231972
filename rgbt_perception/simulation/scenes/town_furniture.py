"""What stands on pavements and in gardens."""

from __future__ import annotations

import math

from rgbt_perception.simulation.parts import Heat, MaterialName, Vector
from rgbt_perception.simulation.scenes.item import Item, Rng
from rgbt_perception.simulation.scenes.labels import Label
from rgbt_perception.simulation.scenes.palette import (
    BLACK,
    BRICKS,
    DARK,
    GREY,
    PAINTED,
    PLASTERS,
    RED,
    STEEL,
    WINDOW,
    WOODS,
    grey,
    pick,
)
from rgbt_perception.simulation.scenes.rotations import turn_x, turn_y
from rgbt_perception.simulation.scenes.solids import ball, box, disc, ellipsoid, post, rod

M = MaterialName
OTHER, POLE, B = Label.UNLABELLED, Label.POLE, Label.BUILDING

# In the item frame +x looks to the street.


def litter_bin(rng: Rng) -> Item:
    """A round or square bin, sometimes on a post."""
    color = pick(rng, PAINTED)
    if rng.random() < 0.5:
        parts = (post(0.22, 0.85, (0, 0, 0), M.BARE_METAL, OTHER, color),
                 post(0.24, 0.06, (0, 0, 0.85), M.BARE_METAL, OTHER, DARK))  # fmt: skip
    else:
        parts = (post(0.03, 1.0, (0, 0, 0), M.BARE_METAL, POLE, STEEL),
                 box((0.17, 0.2, 0.28), (0.1, 0, 0.75), M.PLASTIC, OTHER, color))  # fmt: skip
    return Item("litter_bin", parts, (0.3, 0.3))


def wheelie_bins(rng: Rng) -> Item:
    """One to three household bins in a row along y."""
    count = int(rng.integers(1, 4))
    parts = []
    for i in range(count):
        y = 0.65 * (i - (count - 1) / 2)
        color = pick(
            rng, ((0.05, 0.05, 0.05), (0.03, 0.12, 0.05), (0.4, 0.3, 0.04), (0.03, 0.06, 0.2))
        )
        warm = (Heat(float(rng.uniform(0.0, 3.0))),)
        parts.append(box((0.3, 0.28, 0.48), (0, y, 0.52), M.PLASTIC, OTHER, color, heat=warm))
        parts.append(box((0.34, 0.3, 0.04), (0, y, 1.04), M.PLASTIC, OTHER, color, turn_y(0.08)))
    return Item("wheelie_bins", tuple(parts), (0.4, 0.35 * count))


def skip_container(rng: Rng) -> Item:
    """An open container full of rubble."""
    color = pick(rng, PAINTED)
    parts = [
        box((0.85, 1.6, 0.05), (0, 0, 0.15), M.RUSTED_METAL, OTHER, color),
        *(box((0.04, 1.6, 0.6), (x, 0, 0.75), M.RUSTED_METAL, OTHER, color) for x in (-0.85, 0.85)),
        *(box((0.85, 0.04, 0.6), (0, y, 0.75), M.RUSTED_METAL, OTHER, color) for y in (-1.6, 1.6)),
        ellipsoid((0.75, 1.4, 0.5), (0, 0, 1.0), M.RUBBLE, OTHER, grey(rng, 0.25, 0.5)),
    ]
    return Item("skip", tuple(parts), (0.95, 1.7))


def bench(rng: Rng) -> Item:
    """A wooden bench with a back."""
    wood = pick(rng, WOODS)
    half = float(rng.uniform(0.7, 1.0))
    parts = (
        box((0.24, half, 0.03), (0, 0, 0.44), M.WOOD, OTHER, wood),
        box((0.03, half, 0.2), (-0.26, 0, 0.72), M.WOOD, OTHER, wood, turn_y(-0.15)),
        *(box((0.22, 0.04, 0.21), (-0.02, y, 0.21), M.BARE_METAL, OTHER, DARK)
          for y in (-0.8 * half, 0.8 * half)),
    )  # fmt: skip
    return Item("bench", parts, (0.35, half))


def hydrant(rng: Rng) -> Item:
    """A fire hydrant."""
    color = pick(rng, (RED, (0.6, 0.45, 0.03), (0.05, 0.15, 0.4)))
    parts = (
        post(0.13, 0.6, (0, 0, 0), M.CAR_PAINT, OTHER, color),
        ball(0.14, (0, 0, 0.62), M.CAR_PAINT, OTHER, color),
        rod(0.07, (0, -0.22, 0.45), (0, 0.22, 0.45), M.CAR_PAINT, OTHER, color),
    )
    return Item("hydrant", parts, (0.2, 0.25))


def post_box(rng: Rng) -> Item:
    """A letter box on a plinth."""
    color = pick(rng, (RED, (0.7, 0.5, 0.03), (0.04, 0.08, 0.3)))
    parts = (
        box((0.22, 0.3, 0.45), (0, 0, 0.95), M.CAR_PAINT, OTHER, color),
        box((0.15, 0.2, 0.25), (0, 0, 0.25), M.BARE_METAL, OTHER, DARK),
    )
    return Item("post_box", parts, (0.25, 0.3))


def switch_box(rng: Rng) -> Item:
    """A cabinet with electronics that keep it warm."""
    half_y, height = float(rng.uniform(0.3, 0.8)), float(rng.uniform(1.0, 1.5))
    heat = (Heat(float(rng.uniform(3.0, 10.0)), (0.1, 0.3 * half_y, 0.2 * height), 0.5),)
    half: Vector = (0.2, half_y, height / 2)
    part = box(half, (0, 0, height / 2), M.PLASTIC, OTHER, grey(rng, 0.25, 0.5), heat=heat)
    return Item("switch_box", (part,), half[:2])


def transformer_station(rng: Rng) -> Item:
    """A small transformer house with warm louvres."""
    heat = (Heat(float(rng.uniform(8.0, 18.0))),)
    parts = (
        box((1.2, 1.6, 1.2), (0, 0, 1.2), M.CONCRETE, B, pick(rng, PLASTERS)),
        box((0.05, 0.6, 0.45), (1.18, -0.7, 1.5), M.BARE_METAL, B, GREY, heat=heat),
        box((0.05, 0.5, 0.95), (1.18, 0.7, 1.0), M.BARE_METAL, B, pick(rng, PAINTED)),
        box((1.35, 1.75, 0.08), (0, 0, 2.48), M.CONCRETE, B, GREY),
    )
    return Item("transformer_station", parts, (1.4, 1.8))


def bus_shelter(rng: Rng) -> Item:
    """A glass shelter with a bench and a poster."""
    frame = pick(rng, (DARK, STEEL))
    parts = (
        box((0.03, 1.9, 0.95), (-0.7, 0, 1.25), M.GLASS, OTHER, WINDOW),
        box((0.7, 0.03, 0.95), (0, 1.9, 1.25), M.SIGN_FACE, OTHER, pick(rng, PAINTED)),
        box((0.85, 2.05, 0.06), (0, 0, 2.35), M.BARE_METAL, OTHER, frame),
        *(post(0.04, 2.3, (x, y, 0), M.BARE_METAL, POLE, frame)
          for x in (-0.7, 0.65) for y in (-1.9, 1.9)),
        box((0.2, 1.2, 0.03), (-0.4, 0, 0.45), M.WOOD, OTHER, (0.3, 0.2, 0.1)),
    )  # fmt: skip
    return Item("bus_shelter", parts, (0.85, 2.05))


def kiosk(rng: Rng) -> Item:
    """A newspaper or snack kiosk, warm inside."""
    color = pick(rng, PAINTED)
    parts = (
        box((1.1, 1.5, 1.2), (0, 0, 1.2), M.WOOD, B, color),
        box((0.05, 1.0, 0.45), (1.1, 0, 1.55), M.GLASS, B, WINDOW, heat=(Heat(6.0),)),
        box((1.5, 1.7, 0.06), (0.2, 0, 2.5), M.TILE, B, DARK),
        box((0.05, 1.2, 0.2), (1.2, 0, 2.7), M.SIGN_FACE, B, pick(rng, PAINTED)),
    )
    return Item("kiosk", parts, (1.5, 1.7))


def ad_column(rng: Rng) -> Item:
    """A round advertising column."""
    parts = (
        post(0.6, 2.6, (0, 0, 0), M.SIGN_FACE, OTHER, pick(rng, PAINTED)),
        post(0.7, 0.2, (0, 0, 2.6), M.PLASTER, OTHER, DARK),
    )
    return Item("ad_column", parts, (0.7, 0.7))


def phone_box(rng: Rng) -> Item:
    """A telephone box of glass and a coloured frame."""
    color = pick(rng, (RED, (0.05, 0.12, 0.3), (0.5, 0.1, 0.3)))
    parts = (
        box((0.42, 0.42, 1.05), (0, 0, 1.1), M.GLASS, OTHER, WINDOW),
        box((0.47, 0.47, 0.15), (0, 0, 2.3), M.PLASTIC, OTHER, color),
        box((0.46, 0.46, 0.12), (0, 0, 0.12), M.PLASTIC, OTHER, color),
        *(post(0.04, 2.2, (x, y, 0), M.PLASTIC, OTHER, color)
          for x in (-0.43, 0.43) for y in (-0.43, 0.43)),
    )  # fmt: skip
    return Item("phone_box", parts, (0.5, 0.5))


def cafe_table(rng: Rng) -> Item:
    """A table with a sunshade and two chairs."""
    color = pick(rng, PAINTED)
    parts = (
        post(0.35, 0.03, (0, 0, 0.72), M.WOOD, OTHER, pick(rng, WOODS)),
        post(0.03, 2.4, (0, 0, 0), M.BARE_METAL, POLE, STEEL),
        ellipsoid((1.1, 1.1, 0.22), (0, 0, 2.3), M.CLOTH, OTHER, color),
        *(box((0.2, 0.2, 0.22), (0, y, 0.23), M.PLASTIC, OTHER, DARK) for y in (-0.65, 0.65)),
        *(box((0.2, 0.03, 0.24), (0, y, 0.66), M.PLASTIC, OTHER, DARK) for y in (-0.85, 0.85)),
    )
    return Item("cafe_table", parts, (0.4, 0.9))


def market_stall(rng: Rng) -> Item:
    """A stall with goods under a cloth roof."""
    color = pick(rng, PAINTED)
    goods = pick(rng, ((0.5, 0.1, 0.05), (0.2, 0.35, 0.05), (0.6, 0.45, 0.1)))
    parts = (
        box((0.6, 1.2, 0.4), (0, 0, 0.4), M.WOOD, OTHER, pick(rng, WOODS)),
        box((0.5, 1.1, 0.12), (0.05, 0, 0.92), M.RUBBLE, OTHER, goods),
        box((0.95, 1.4, 0.03), (0.1, 0, 2.25), M.CLOTH, OTHER, color, turn_y(0.2)),
        *(post(0.03, 2.2, (x, y, 0), M.BARE_METAL, POLE, STEEL)
          for x in (-0.6, 0.7) for y in (-1.25, 1.25)),
    )  # fmt: skip
    return Item("market_stall", parts, (0.9, 1.4))


def fence(rng: Rng) -> Item:
    """A piece of fence along y: boards, wooden rails or wires on posts."""
    half, height = float(rng.uniform(1.5, 3.0)), float(rng.uniform(0.9, 1.8))
    wood = pick(rng, WOODS)
    style = int(rng.integers(3))
    if style == 0:
        parts = [box((0.03, half, height / 2), (0, 0, height / 2), M.WOOD, OTHER, wood)]
    else:
        rail, color = (M.WOOD, wood) if style == 1 else (M.BARE_METAL, GREY)
        thick = 0.05 if style == 1 else 0.02
        parts = [
            box((0.02, half, thick), (0, 0, share * height), rail, OTHER, color)
            for share in (0.25, 0.6, 0.93)
        ]
    parts += [
        box((0.05, 0.05, height / 2 + 0.05), (0, y, height / 2), M.WOOD, OTHER, wood)
        for y in ((0.0,) if style == 0 else (-0.6 * half, 0.6 * half))
    ]
    return Item("fence", tuple(parts), (0.1, half))


def garden_wall(rng: Rng) -> Item:
    """A low wall with a coping, along y."""
    half, height = float(rng.uniform(1.5, 4.0)), float(rng.uniform(0.5, 2.0))
    parts = (
        box((0.15, half, height / 2), (0, 0, height / 2), M.BRICK, B, pick(rng, BRICKS)),
        box((0.2, half + 0.03, 0.05), (0, 0, height + 0.05), M.CONCRETE, B, GREY),
    )
    return Item("garden_wall", parts, (0.2, half))


def statue(rng: Rng) -> Item:
    """A stone figure on a plinth."""
    stone = grey(rng, 0.2, 0.45)
    parts = (
        box((0.5, 0.5, 0.6), (0, 0, 0.6), M.ROCK, OTHER, stone),
        ellipsoid((0.22, 0.3, 0.75), (0, 0, 1.9), M.ROCK, OTHER, stone),
        ball(0.16, (0.02, 0, 2.75), M.ROCK, OTHER, stone),
        rod(0.07, (0, 0.25, 2.3), (0.5, 0.45, 2.6), M.ROCK, OTHER, stone),
    )
    return Item("statue", parts, (0.55, 0.55))


def fountain(rng: Rng) -> Item:
    """A round basin with cold water."""
    stone = grey(rng, 0.3, 0.5)
    parts = (
        post(1.3, 0.5, (0, 0, 0), M.CONCRETE, OTHER, stone),
        post(1.15, 0.03, (0, 0, 0.5), M.GLASS, OTHER, (0.1, 0.2, 0.2), heat=(Heat(-4.0),)),
        post(0.15, 1.3, (0, 0, 0.4), M.ROCK, OTHER, stone),
        ellipsoid((0.45, 0.45, 0.12), (0, 0, 1.6), M.ROCK, OTHER, stone),
    )
    return Item("fountain", parts, (1.35, 1.35))


def container(rng: Rng) -> Item:
    """A shipping container, long side along y."""
    color = pick(rng, PAINTED)
    parts = (
        box((1.22, 3.0, 1.3), (0, 0, 1.35), M.RUSTED_METAL, OTHER, color),
        box((0.9, 0.04, 1.1), (0, 3.01, 1.35), M.BARE_METAL, OTHER, color),
    )
    return Item("container", parts, (1.3, 3.1))


def gas_tank(rng: Rng) -> Item:
    """A lying gas tank on saddles."""
    color = pick(rng, ((0.7, 0.7, 0.68), (0.2, 0.35, 0.2)))
    parts = (
        rod(0.6, (0, -1.3, 1.0), (0, 1.3, 1.0), M.CAR_PAINT, OTHER, color),
        *(box((0.5, 0.15, 0.3), (0, y, 0.3), M.CONCRETE, OTHER, GREY) for y in (-0.9, 0.9)),
        *(ball(0.6, (0, y, 1.0), M.CAR_PAINT, OTHER, color) for y in (-1.3, 1.3)),
    )
    return Item("gas_tank", parts, (0.7, 2.0))


def slide(rng: Rng) -> Item:
    """A playground slide."""
    color = pick(rng, ((0.6, 0.05, 0.04), (0.05, 0.2, 0.5), (0.7, 0.5, 0.03)))
    parts = (
        box((1.3, 0.25, 0.03), (0.5, 0, 0.95), M.PLASTIC, OTHER, color, turn_y(0.75)),
        box((0.35, 0.4, 0.04), (-0.75, 0, 1.8), M.WOOD, OTHER, pick(rng, WOODS)),
        *(post(0.05, 2.5, (x, y, 0), M.WOOD, POLE, pick(rng, WOODS))
          for x in (-1.05, -0.45) for y in (-0.38, 0.38)),
        box((0.3, 0.4, 0.03), (-1.3, 0, 0.9), M.WOOD, OTHER, (0.3, 0.2, 0.1), turn_y(-1.2)),
    )  # fmt: skip
    return Item("slide", parts, (1.6, 0.5))


def bike_stand(rng: Rng) -> Item:
    """Hoops to lock bicycles to, side by side along y."""
    half, height = float(rng.uniform(0.25, 0.4)), float(rng.uniform(0.7, 0.9))
    color = pick(rng, (STEEL, DARK))
    parts = []
    for y in (-0.8, 0.0, 0.8):
        parts += [post(0.025, height, (x, y, 0), M.BARE_METAL, POLE, color) for x in (-half, half)]
        parts.append(rod(0.025, (-half, y, height), (half, y, height), M.BARE_METAL, POLE, color))
    return Item("bike_stand", tuple(parts), (0.45, 0.95))


def cart(rng: Rng) -> Item:
    """A hand cart or trolley with a load."""
    parts = (
        box((0.5, 0.32, 0.2), (0, 0, 0.55), M.WOOD, OTHER, pick(rng, WOODS)),
        *(disc(0.25, 0.03, (0, y, 0.25), M.RUBBER, OTHER, BLACK) for y in (-0.38, 0.38)),
        rod(0.02, (-0.5, 0, 0.6), (-1.1, 0, 0.95), M.BARE_METAL, OTHER, STEEL),
        box((0.35, 0.25, 0.2), (0.05, 0, 0.95), M.CLOTH, OTHER, pick(rng, PAINTED), turn_x(0.0)),
    )
    return Item("hand_cart", parts, (0.9, 0.45))


def tent(rng: Rng) -> Item:
    """A pointed tent or gazebo with a warm inside."""
    color = pick(rng, ((0.65, 0.65, 0.6), (0.1, 0.2, 0.1), (0.55, 0.2, 0.03)))
    s = math.sqrt(0.5)
    parts = (
        box((1.5 * s, 1.6, 1.5 * s), (0, 0, 0.05), M.CLOTH, OTHER, color, turn_y(math.pi / 4),
            heat=(Heat(3.0),)),
        box((0.02, 0.5, 0.5), (1.12, 0, 0.4), M.CLOTH, OTHER, DARK, turn_y(-math.pi / 4)),
    )  # fmt: skip
    return Item("tent", parts, (1.6, 1.7))
