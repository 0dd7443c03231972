"""People: dressed figures in many postures."""

from __future__ import annotations

from dataclasses import dataclass

from rgbt_perception.simulation.parts import Heat, MaterialName, Part, Shape, Vector
from rgbt_perception.simulation.scenes.item import Item, Limb, Rng
from rgbt_perception.simulation.scenes.labels import Label
from rgbt_perception.simulation.scenes.palette import (
    BLACK,
    CLOTHES,
    HAIRS,
    SIGNALS,
    SKINS,
    TROUSERS,
    pick,
)
from rgbt_perception.simulation.scenes.posture import Gait, cycling, idle, riding, walking
from rgbt_perception.simulation.scenes.proportions import FOREARM, SHIN, THIGH, UPPER_ARM
from rgbt_perception.simulation.scenes.skeleton import bone_motions
from rgbt_perception.simulation.scenes.solids import box, ellipsoid, post, rod

M = MaterialName
P = Label.PERSON


@dataclass(frozen=True)
class Outfit:
    """How one person looks.

    Attributes:
        height: metres.
        girth: 1 is average.
        skin, hair, top, bottom, shoes: colours.
        short_sleeves, short_trousers: bare forearms, bare shins.
        extra: ``none``, ``backpack``, ``bag``, ``coat``, ``skirt``, ``hat``, ``helmet``,
            ``hood``, ``vest`` (a reflective one).
        clothes_warmth: kelvin above the air at the outside of the clothes.
    """

    height: float
    girth: float
    skin: Vector
    hair: Vector
    top: Vector
    bottom: Vector
    shoes: Vector
    short_sleeves: bool
    short_trousers: bool
    extra: str
    clothes_warmth: float


_EXTRAS = ("none", "none", "backpack", "bag", "coat", "skirt", "hat", "hood")


def draw_outfit(rng: Rng, child: bool = False, extra: str | None = None) -> Outfit:
    """Draw a person's size and clothes; ``extra`` fixes what is worn besides."""
    height = float(rng.uniform(1.0, 1.4) if child else rng.normal(1.71, 0.09))
    worn = _EXTRAS[int(rng.integers(len(_EXTRAS)))] if extra is None else extra
    summer = rng.random() < 0.3 and worn not in ("coat", "hood", "vest", "helmet")
    return Outfit(
        height=min(1.98, max(1.0, height)),
        girth=float(rng.uniform(0.88, 1.2)),
        skin=pick(rng, SKINS),
        hair=pick(rng, HAIRS),
        top=pick(rng, SIGNALS if worn == "vest" else CLOTHES),
        bottom=pick(rng, TROUSERS),
        shoes=pick(rng, ((0.03, 0.03, 0.03), (0.15, 0.08, 0.04), (0.6, 0.6, 0.6))),
        short_sleeves=bool(summer),
        short_trousers=bool(summer and rng.random() < 0.5),
        extra=worn,
        clothes_warmth=float(rng.uniform(3.0, 7.0)),
    )


def figure(rng: Rng, name: str, outfit: Outfit, gait: Gait) -> Item:
    """A person as 13 limbs of 15 or so parts."""
    shapes = _torso_and_head(outfit) | _arms(outfit) | _legs(outfit)
    motions = bone_motions(outfit.height, gait)
    limbs = tuple(Limb(bone, motions[bone], parts) for bone, parts in shapes.items())
    return Item(name, (), (0.3, 0.3), limbs=limbs)


def _torso_and_head(o: Outfit) -> dict[str, tuple[Part, ...]]:
    h, g = o.height, o.girth
    warm = (Heat(o.clothes_warmth),)
    hips = [
        ellipsoid((0.075 * h * g, 0.1 * h * g, 0.09 * h), (0, 0, 0.01 * h), M.CLOTH, P, o.bottom,
                  heat=warm)
    ]  # fmt: skip
    if o.extra == "coat":
        hips.append(post(0.105 * h * g, 0.3 * h, (0, 0, -0.2 * h), M.CLOTH, P, o.top, warm))
    elif o.extra == "skirt":
        hips.append(post(0.1 * h * g, 0.24 * h, (0, 0, -0.19 * h), M.CLOTH, P, o.bottom, warm))
    # Warmest at the collar, where the clothes end.
    chest = (Heat(o.clothes_warmth), Heat(4.0, (0.03, 0.0, 0.16 * h), 0.12))
    torso = [
        ellipsoid((0.072 * h * g, 0.118 * h * g, 0.18 * h), (0, 0, 0.135 * h), M.CLOTH, P, o.top,
                  heat=chest)
    ]  # fmt: skip
    if o.extra == "backpack":
        at: Vector = (-0.105 * h * g, 0.0, 0.17 * h)
        torso.append(box((0.05 * h, 0.08 * h, 0.12 * h), at, M.CLOTH, P, o.shoes))
    elif o.extra == "vest":
        stripe = (0.076 * h * g, 0.122 * h * g, 0.02 * h)
        torso.append(ellipsoid(stripe, (0, 0, 0.11 * h), M.CLOTH, P, (0.8, 0.8, 0.75), heat=warm))
    elif o.extra == "bag":
        bag: Vector = (0.0, 0.15 * h * g, -0.02 * h)
        torso.append(box((0.07 * h, 0.025 * h, 0.06 * h), bag, M.CLOTH, P, o.shoes))
    face = (Heat(10.0), Heat(4.0, (0.05 * h, 0.0, 0.0), 0.06))
    neck: Vector = (0.0, 0.0, -0.02 * h)
    head = [
        ellipsoid((0.056 * h, 0.045 * h, 0.07 * h), (0.012 * h, 0, 0.075 * h), M.SKIN, P, o.skin,
                  heat=face),
        rod(0.032 * h, neck, (0.0, 0.0, 0.04 * h), M.SKIN, P, o.skin, heat=(Heat(11.0),)),
    ]  # fmt: skip
    head.append(_headwear(o))
    return {"hips": tuple(hips), "torso": tuple(torso), "head": tuple(head)}


def _headwear(o: Outfit) -> Part:
    h = o.height
    if o.extra in ("helmet", "hat"):
        material, color = (M.PLASTIC, o.top) if o.extra == "helmet" else (M.CLOTH, o.bottom)
        half = (0.066 * h, 0.056 * h, 0.045 * h)
        return ellipsoid(half, (0.006 * h, 0, 0.115 * h), material, P, color, heat=(Heat(3.0),))
    if o.extra == "hood":
        half = (0.058 * h, 0.056 * h, 0.08 * h)
        return ellipsoid(half, (-0.014 * h, 0, 0.078 * h), M.CLOTH, P, o.top, heat=(Heat(5.0),))
    half = (0.056 * h, 0.05 * h, 0.062 * h)
    return ellipsoid(half, (-0.012 * h, 0, 0.092 * h), M.HAIR, P, o.hair, heat=(Heat(5.0),))


def _arms(o: Outfit) -> dict[str, tuple[Part, ...]]:
    h, g = o.height, o.girth
    warm = (Heat(o.clothes_warmth),)
    hand = Heat(8.0, (0.0, 0.0, -0.45 * FOREARM * h), 0.07)
    # Rods point downwards here: their own z axis runs from the hand end up.
    upper = rod(0.028 * h * g, (0, 0, -UPPER_ARM * h), (0, 0, 0), M.CLOTH, P, o.top,
                Shape.CAPSULE, warm)  # fmt: skip
    bare = o.short_sleeves
    fore = rod(0.023 * h * g, (0, 0, -FOREARM * h), (0, 0, 0), M.SKIN if bare else M.CLOTH, P,
               o.skin if bare else o.top, Shape.CAPSULE,
               (Heat(9.0),) if bare else (Heat(o.clothes_warmth), hand))  # fmt: skip
    palm = ellipsoid((0.018 * h, 0.02 * h, 0.05 * h), (0, 0, -(FOREARM + 0.03) * h), M.SKIN, P,
                     o.skin, heat=(Heat(8.0),))  # fmt: skip
    return {
        f"{side}_{bone}": parts
        for side in ("left", "right")
        for bone, parts in (("upper_arm", (upper,)), ("forearm", (fore, palm)))
    }


def _legs(o: Outfit) -> dict[str, tuple[Part, ...]]:
    h, g = o.height, o.girth
    cloth = (Heat(0.8 * o.clothes_warmth),)
    thigh = rod(0.047 * h * g, (0, 0, -THIGH * h), (0, 0, 0), M.CLOTH, P, o.bottom,
                Shape.CAPSULE, cloth)  # fmt: skip
    bare = o.short_trousers
    shin = rod(0.033 * h * g, (0, 0, -SHIN * h), (0, 0, 0), M.SKIN if bare else M.CLOTH, P,
               o.skin if bare else o.bottom, Shape.CAPSULE,
               (Heat(8.0),) if bare else (Heat(0.6 * o.clothes_warmth),))  # fmt: skip
    foot = box((0.075 * h, 0.028 * h, 0.02 * h), (0.035 * h, 0, -0.02 * h), M.RUBBER, P, o.shoes,
               heat=(Heat(2.5),))  # fmt: skip
    return {
        f"{side}_{bone}": (part,)
        for side in ("left", "right")
        for bone, part in (("thigh", thigh), ("shin", shin), ("foot", foot))
    }


def walker(rng: Rng, speed: float, child: bool = False) -> Item:
    """Somebody who walks (or, above 2 m/s, runs) at this speed along x."""
    name = "person_running" if speed > 2.0 else "child_walking" if child else "person_walking"
    outfit = draw_outfit(rng, child)
    return figure(rng, name, outfit, walking(rng, speed, outfit.height))


def rescuer(rng: Rng, kind: str, speed: float = 0.0) -> Item:
    """Somebody with a helmet or reflective vest; ``kind`` is ``walking`` or one of ``idle``."""
    outfit = draw_outfit(rng, extra="helmet" if rng.random() < 0.7 else "vest")
    gait = walking(rng, speed, outfit.height) if kind == "walking" else idle(rng, kind)
    return figure(rng, f"rescuer_{kind}", outfit, gait)


def bystander(rng: Rng, kind: str) -> Item:
    """Somebody who stays in place; ``kind`` as in ``posture.idle``."""
    return figure(rng, f"person_{kind}", draw_outfit(rng, rng.random() < 0.1), idle(rng, kind))


def cyclist(rng: Rng, speed: float) -> Item:
    """The rider of a bicycle, to sit on one."""
    outfit = draw_outfit(rng, extra=("helmet", "backpack", "none")[int(rng.integers(3))])
    return figure(rng, "cyclist", outfit, cycling(rng, speed))


def motorcyclist(rng: Rng) -> Item:
    """The rider of a motorcycle, to sit on one."""
    outfit = draw_outfit(rng, extra="helmet")
    dark = pick(rng, (BLACK, (0.06, 0.06, 0.08)))
    return figure(
        rng,
        "motorcyclist",
        Outfit(**{**outfit.__dict__, "bottom": dark, "height": min(outfit.height, 1.85)}),
        riding(rng),
    )
