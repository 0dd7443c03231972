"""Figures: limbs that move like a walking person's, faces warmer than clothes."""

from __future__ import annotations

import numpy as np
import pytest

from rgbt_perception.simulation.parts import MaterialName
from rgbt_perception.simulation.scenes.item import moving
from rgbt_perception.simulation.scenes.path import Path, along, steady
from rgbt_perception.simulation.scenes.people import draw_outfit, walker
from rgbt_perception.simulation.scenes.posture import IDLE_KINDS, Posture, idle, walking
from rgbt_perception.simulation.scenes.skeleton import BONES, bone_motions, bone_poses

TIMES = np.linspace(0.0, 4.0, 200).tolist()


def test_a_walker_is_more_than_ten_bodies_that_move_apart() -> None:
    person = walker(np.random.default_rng(2), 1.3)
    bodies = moving(person, along(Path([(50.0, 0.0)]), steady(1.3), 0.0), 0)
    assert len(bodies) >= 10
    names = {body.name for body in bodies}
    assert {f"person_walking/{bone}" for bone in BONES} == names
    by_name = {body.name.split("/")[1]: body for body in bodies}
    gap = [
        by_name["left_foot"].motion(t)[0][0] - by_name["right_foot"].motion(t)[0][0] for t in TIMES
    ]
    assert max(gap) > 0.3
    assert min(gap) < -0.3
    hips = [by_name["hips"].motion(t)[0][0] for t in (0.0, 2.0)]
    assert hips[1] - hips[0] == pytest.approx(2.6)


@pytest.mark.parametrize("speed", [0.8, 1.3, 1.7])
@pytest.mark.parametrize("height", [1.2, 1.75])
def test_feet_hardly_slide_while_they_carry(speed: float, height: float) -> None:
    motions = bone_motions(height, walking(np.random.default_rng(5), speed, height))
    slides = []
    for t in TIMES:
        feet = {side: motions[f"{side}_foot"] for side in ("left", "right")}
        low = min(feet, key=lambda side: feet[side](t)[0][2])
        slides.append((feet[low](t + 0.01)[0][0] - feet[low](t)[0][0]) / 0.01 + speed)
    # The carrying foot goes backwards against the body about as fast as the body goes forwards.
    assert np.abs(slides).mean() < 0.15 * speed


def test_one_foot_is_always_on_the_ground_and_none_below() -> None:
    motions = bone_motions(1.75, walking(np.random.default_rng(0), 1.4, 1.75))
    for t in TIMES:
        ankles = [motions[f"{side}_foot"](t)[0][2] for side in ("left", "right")]
        assert min(ankles) == pytest.approx(0.07, abs=0.04)


def test_upright_bones_add_up_to_the_height() -> None:
    poses = bone_poses(1.8, Posture())
    assert poses["hips"][0][2] == pytest.approx(0.531 * 1.8)
    assert 1.45 < poses["head"][0][2] < 1.6
    assert poses["left_foot"][0][1] > 0 > poses["right_foot"][0][1]
    assert poses["left_forearm"][0][2] < poses["left_upper_arm"][0][2]


@pytest.mark.parametrize("kind", IDLE_KINDS)
def test_people_who_stay_move_a_little(kind: str) -> None:
    motions = bone_motions(1.7, idle(np.random.default_rng(1), kind))
    heads = np.array([motions["head"](t)[0] for t in TIMES])
    feet = np.array([motions["left_foot"](t)[0] for t in TIMES])
    assert 0.0 < np.ptp(heads, axis=0).max() < 0.2
    assert np.ptp(feet, axis=0).max() < 0.02


def test_faces_and_hands_are_warmer_than_clothes() -> None:
    for seed in range(8):
        person = walker(np.random.default_rng(seed), 1.2)
        parts = [part for limb in person.limbs for part in limb.parts]
        skin = [max(h.excess for h in p.heat) for p in parts if p.material is MaterialName.SKIN]
        cloth = [p.heat[0].excess for p in parts if p.material is MaterialName.CLOTH and p.heat]
        assert min(skin) > max(cloth)
        assert min(skin) >= 6.0
        assert max(skin) <= 25.0


def test_people_differ() -> None:
    rng = np.random.default_rng(4)
    outfits = [draw_outfit(rng) for _ in range(60)]
    assert np.std([o.height for o in outfits]) > 0.05
    assert len({o.extra for o in outfits}) >= 6
    assert len({o.top for o in outfits}) > 50
