from __future__ import annotations

from collections import Counter

from rgbt_perception.evaluation.suite.plan import MOST_TURNS, Plan


def test_every_condition_has_its_recordings():
    plan = Plan(700_000)
    specs = [spec for _, spec in plan.main()]
    assert len(specs) == 64
    counts = Counter((spec.scene, spec.light, spec.weather) for spec in specs)
    assert len(counts) == 16
    assert set(counts.values()) == {4}
    assert {(spec.seconds, spec.rate) for spec in specs} == {(5.0, 1.0)}
    assert {spec.rgb_size for spec in specs} == {spec.thermal_size for spec in specs}
    turns = Counter(turn for turn, _ in plan.main())
    assert turns == {0: 16, 1: 16, 2: 16, 3: 16}


def test_no_seed_serves_twice():
    plan = Plan(700_000, MOST_TURNS)
    seeds = [spec.seed for _, spec in plan.main()] + [spec.seed for spec in plan.fast()]
    assert len(set(seeds)) == len(seeds)
    assert min(seeds) == 700_000


def test_a_recording_does_not_depend_on_what_else_is_asked_for():
    whole, part = Plan(700_000), Plan(700_000, 1, ("rescue",))
    assert {spec for _, spec in part.main()} < {spec for _, spec in whole.main()}
    assert set(part.fast()) < set(whole.fast())
    assert {spec.scene for spec in part.fast()} == {"rescue"}


def test_fast_recordings_hold_the_pictures_before_the_first_scored_one():
    (spec, *_) = Plan(700_000).fast()
    assert spec.rate == 20.0
    assert round(spec.seconds * spec.rate) == 5
    (spec, *_) = Plan(700_000, pairs=1).fast()
    assert round(spec.seconds * spec.rate) == 3
