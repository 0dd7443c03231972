"""Poles, lamps, lights, signs and barriers that belong to traffic."""

from __future__ import annotations

import math

from rgbt_perception.simulation.parts import Heat, Lamp, MaterialName, Vector
from rgbt_perception.simulation.scenes.item import Item, Rng
from rgbt_perception.simulation.scenes.labels import Label
from rgbt_perception.simulation.scenes.palette import (
    BLACK,
    DARK,
    GREY,
    PAINTED,
    RED,
    STEEL,
    WHITE,
    WOODS,
    grey,
    pick,
)
from rgbt_perception.simulation.scenes.rotations import turn_x
from rgbt_perception.simulation.scenes.solids import ball, box, post, rod

M = MaterialName
SIGN, LIGHT, POLE, OTHER = Label.TRAFFIC_SIGN, Label.TRAFFIC_LIGHT, Label.POLE, Label.UNLABELLED

# In the item frame +x looks at oncoming traffic; arms reach out along +y over the road.


def street_lamp(rng: Rng) -> Item:
    """A mast with an arm over the road and a lamp at its end."""
    height, reach = float(rng.uniform(5.0, 9.0)), float(rng.uniform(0.6, 2.2))
    color = pick(rng, (STEEL, GREY, DARK))
    warm = (Heat(4.0),)
    parts = (
        post(float(rng.uniform(0.06, 0.1)), height, (0, 0, 0), M.BARE_METAL, POLE, color),
        rod(0.045, (0, 0, height), (0, reach, height + 0.25), M.BARE_METAL, POLE, color),
        box((0.13, 0.35, 0.07), (0, reach, height + 0.25), M.LAMP_GLASS, POLE, WHITE, heat=warm),
    )
    tint: Vector = (1.0, 0.75, 0.45) if rng.random() < 0.4 else (1.0, 0.93, 0.8)
    lamp = Lamp((0.0, reach, height + 0.1), (0.0, 0.0, -1.0), 1.2, 2.2, tint)
    return Item("street_lamp", parts, (0.12, 0.12), (lamp,))


def globe_lamp(rng: Rng) -> Item:
    """A low post with a glowing globe."""
    height = float(rng.uniform(2.6, 3.8))
    parts = (
        post(0.06, height, (0, 0, 0), M.BARE_METAL, POLE, DARK),
        ball(0.22, (0, 0, height + 0.15), M.LAMP_GLASS, POLE, WHITE, heat=(Heat(5.0),)),
    )
    lamp = Lamp((0.0, 0.0, height - 0.2), (0.0, 0.0, -1.0), 1.45, 0.9, (1.0, 0.88, 0.7))
    return Item("globe_lamp", parts, (0.12, 0.12), (lamp,))


def traffic_light(rng: Rng) -> Item:
    """Signal heads on a mast, sometimes one more on an arm."""
    lit = int(rng.integers(3))
    colors: tuple[Vector, ...] = ((0.9, 0.05, 0.03), (0.9, 0.55, 0.03), (0.05, 0.85, 0.3))
    parts = [post(0.07, 3.4, (0, 0, 0), M.BARE_METAL, POLE, GREY)]
    heads = [(0.0, 2.9)]
    if rng.random() < 0.5:
        reach = float(rng.uniform(2.0, 4.0))
        parts.append(post(0.06, 2.4, (0, 0, 3.3), M.BARE_METAL, POLE, GREY))
        parts.append(rod(0.05, (0, 0, 5.6), (0, reach, 5.7), M.BARE_METAL, POLE, GREY))
        heads.append((reach, 5.4))
    for y, z in heads:
        parts.append(box((0.12, 0.16, 0.45), (0.15, y, z), M.PLASTIC, LIGHT, BLACK))
        at = (0.28, y, z + 0.28 * (1 - lit))
        parts.append(ball(0.1, at, M.LAMP_GLASS, LIGHT, colors[lit], heat=(Heat(3.0),)))
    return Item("traffic_light", tuple(parts), (0.2, 0.2))


def pedestrian_light(rng: Rng) -> Item:
    """A short mast with a small signal."""
    color = ((0.9, 0.05, 0.03), (0.05, 0.85, 0.3))[int(rng.integers(2))]
    height = float(rng.uniform(2.3, 2.9))
    parts = (
        post(0.05, height, (0, 0, 0), M.BARE_METAL, POLE, GREY),
        box((0.1, 0.13, 0.25), (0.1, 0, height - 0.25), M.PLASTIC, LIGHT, BLACK),
        ball(0.08, (0.2, 0, height - 0.15), M.LAMP_GLASS, LIGHT, color),
    )
    return Item("pedestrian_light", parts, (0.15, 0.15))


def sign(rng: Rng, kind: str) -> Item:
    """A ``round``, ``diamond``, ``square``, ``direction`` or ``name`` sign on a post."""
    height = float(rng.uniform(2.1, 2.9))
    color = pick(rng, ((0.6, 0.05, 0.04), (0.05, 0.12, 0.5), (0.75, 0.75, 0.72), (0.7, 0.5, 0.04)))
    parts = [post(0.035, height, (0, 0, 0), M.BARE_METAL, POLE, STEEL)]
    front: Vector = (0.06, 0.0, height - 0.3)
    if kind == "round":
        end: Vector = (0.08, 0.0, height - 0.3)
        parts.append(rod(0.32, (0.05, 0.0, height - 0.3), end, M.SIGN_FACE, SIGN, color))
    elif kind == "diamond":
        half: Vector = (0.012, 0.28, 0.28)
        parts.append(box(half, front, M.SIGN_FACE, SIGN, color, turn_x(math.pi / 4)))
    elif kind == "square":
        parts.append(box((0.012, 0.3, 0.3), front, M.SIGN_FACE, SIGN, color))
    elif kind == "name":
        parts.append(box((0.012, 0.45, 0.1), front, M.SIGN_FACE, SIGN, color))
    else:
        parts.append(post(0.035, height, (0, 1.6, 0), M.BARE_METAL, POLE, STEEL))
        parts.append(box((0.02, 1.1, 0.55), (0.07, 0.8, height - 0.4), M.SIGN_FACE, SIGN, color))
    return Item(f"sign_{kind}", tuple(parts), (0.2, 0.35))


SIGN_KINDS = ("round", "diamond", "square", "direction", "name")


def utility_pole(rng: Rng) -> Item:
    """A wooden pole with a cross-arm and a transformer that runs warm."""
    height = float(rng.uniform(7.0, 10.0))
    wood = pick(rng, WOODS)
    parts = [
        post(0.13, height, (0, 0, 0), M.WOOD, POLE, wood),
        box((0.06, 1.0, 0.07), (0, 0, height - 0.6), M.WOOD, POLE, wood),
    ]
    if rng.random() < 0.6:
        heat = (Heat(float(rng.uniform(6.0, 18.0)), (0, 0, 0.3), 0.5),)
        parts.append(post(0.28, 0.9, (0.4, 0, height - 2.2), M.BARE_METAL, POLE, GREY, heat))
    return Item("utility_pole", tuple(parts), (0.2, 0.2))


def bollards(rng: Rng) -> Item:
    """A short row of bollards along y."""
    color = pick(rng, PAINTED)
    material = (M.BARE_METAL, M.CONCRETE, M.PLASTIC)[int(rng.integers(3))]
    radius, height = float(rng.uniform(0.05, 0.12)), float(rng.uniform(0.7, 1.0))
    count = int(rng.integers(2, 5))
    parts = tuple(
        post(radius, height, (0, 1.4 * (i - (count - 1) / 2), 0), material, POLE, color)
        for i in range(count)
    )
    return Item("bollards", parts, (0.15, 0.7 * count))


def guard_rail(rng: Rng) -> Item:
    """A steel rail on posts, long side along y."""
    half = float(rng.uniform(2.0, 4.0))
    parts = [box((0.05, half, 0.15), (0, 0, 0.6), M.BARE_METAL, OTHER, STEEL)]
    parts += [
        post(0.05, 0.7, (-0.08, y, 0), M.BARE_METAL, POLE, STEEL) for y in (-0.8 * half, 0.8 * half)
    ]
    return Item("guard_rail", tuple(parts), (0.2, half))


def barrier(rng: Rng) -> Item:
    """A red and white work-site barrier on feet."""
    half = float(rng.uniform(0.6, 1.2))
    parts = [
        box((0.02, half, 0.13), (0, 0, 0.95), M.SIGN_FACE, SIGN, (0.7, 0.2, 0.15)),
        box((0.02, half, 0.08), (0, 0, 0.4), M.PLASTIC, OTHER, WHITE),
    ]
    for y in (-0.85 * half, 0.85 * half):
        parts.append(box((0.03, 0.03, 0.55), (0, y, 0.55), M.BARE_METAL, OTHER, STEEL))
        parts.append(box((0.35, 0.1, 0.05), (0, y, 0.05), M.RUBBER, OTHER, BLACK))
    return Item("barrier", tuple(parts), (0.35, half))


def jersey_barrier(rng: Rng) -> Item:
    """A concrete road barrier, long side along y."""
    color = grey(rng, 0.3, 0.5)
    parts = (
        box((0.3, 1.5, 0.15), (0, 0, 0.15), M.CONCRETE, OTHER, color),
        box((0.14, 1.5, 0.28), (0, 0, 0.56), M.CONCRETE, OTHER, color),
    )
    return Item("jersey_barrier", parts, (0.3, 1.5))


def cones(rng: Rng) -> Item:
    """One to three traffic cones, each a stack of rings."""
    orange: Vector = (0.8, 0.2, 0.03)
    parts = []
    for _ in range(int(rng.integers(1, 4))):
        x, y = (float(v) for v in rng.uniform(-0.6, 0.6, 2))
        parts.append(box((0.18, 0.18, 0.02), (x, y, 0.02), M.RUBBER, OTHER, BLACK))
        parts.append(post(0.12, 0.3, (x, y, 0.03), M.PLASTIC, OTHER, orange))
        parts.append(post(0.07, 0.36, (x, y, 0.3), M.PLASTIC, OTHER, WHITE))
    return Item("cones", tuple(parts), (0.7, 0.7))


def billboard(rng: Rng) -> Item:
    """A big poster on two legs, facing +x."""
    parts = [
        box((0.08, 1.9, 1.3), (0, 0, 2.4), M.SIGN_FACE, OTHER, pick(rng, PAINTED)),
        *(post(0.08, 1.4, (0, y, 0), M.BARE_METAL, POLE, GREY) for y in (-1.4, 1.4)),
    ]
    return Item("billboard", tuple(parts), (0.2, 1.9))


def manhole(rng: Rng) -> Item:
    """An iron cover in the road, warmed by the sewer."""
    heat = (Heat(float(rng.uniform(1.0, 7.0))),)
    end: Vector = (0.0, 0.0, 0.008)
    part = rod(0.33, (0, 0, -0.02), end, M.RUSTED_METAL, Label.ROAD, DARK, heat=heat)
    return Item("manhole", (part,), (0.35, 0.35))


def parking_meter(rng: Rng) -> Item:
    """A ticket machine on a thin post."""
    height, half = float(rng.uniform(0.9, 1.2)), float(rng.uniform(0.12, 0.25))
    head: Vector = (0.1, 0.12, half)
    parts = (
        post(0.04, height, (0, 0, 0), M.BARE_METAL, POLE, STEEL),
        box(head, (0, 0, height + half), M.PLASTIC, OTHER, pick(rng, PAINTED), heat=(Heat(2.0),)),
    )
    return Item("parking_meter", parts, (0.15, 0.15))


def delineator(rng: Rng) -> Item:
    """A flexible post with a white ring."""
    radius, height = float(rng.uniform(0.04, 0.07)), float(rng.uniform(0.6, 1.0))
    color = pick(rng, (RED, (0.7, 0.25, 0.03), (0.6, 0.6, 0.58)))
    parts = (
        post(radius, height, (0, 0, 0), M.PLASTIC, POLE, color),
        post(radius + 0.003, 0.15, (0, 0, 0.65 * height), M.LANE_PAINT, POLE, WHITE),
    )
    return Item("delineator", parts, (0.1, 0.1))
