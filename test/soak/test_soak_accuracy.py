"""The shipped weights on seeds that were never trained on, tuned on or looked at."""

from __future__ import annotations

import itertools

import pytest

pytest.importorskip("mujoco")

from rgbt_perception.cli.main import main
from rgbt_perception.evaluation.evaluate import merged, score_run
from rgbt_perception.evaluation.table import text_table

pytestmark = pytest.mark.slow

FIRST_SEED = 900_000


def test_fused_depth_beats_the_best_constant_and_the_best_rows(tmp_path, capsys):
    conditions = itertools.product(
        ("street", "rescue"), ("day", "night"), ("clear", "rain", "fog", "smoke")
    )
    scores = []
    for index, (scene, light, weather) in enumerate(conditions):
        bag, out = tmp_path / f"{index}.mcap", tmp_path / str(index)
        words = ["--scene", scene, "--light", light, "--weather", weather]
        words += ["--seconds", "8", "--rate", "1", "--seed", str(FIRST_SEED + index)]
        words += ["--rgb-size", "320x256"]
        assert main(["simulate", *words, "--out", str(bag)]) == 0
        assert main(["replay", str(bag), "--out", str(out), "--cloud-every", "100"]) == 0
        scores.append(score_run(out))
    metrics = merged(scores).metrics()
    capsys.readouterr()
    with capsys.disabled():
        print("\n" + text_table(metrics))
    conditions = metrics["conditions"].values()
    mean = {
        name: sum(c[group][name]["abs_rel"] for c in conditions) / len(conditions)
        for group, name in (
            ("depth", "fused"),
            ("depth", "rgb"),
            ("depth", "thermal"),
            ("depth", "ungated"),
            ("baselines", "constant"),
            ("baselines", "row"),
        )
    }
    with capsys.disabled():
        print("mean abs_rel over conditions:", {k: round(v, 4) for k, v in mean.items()})
    assert mean["fused"] < 0.8 * mean["row"]
    assert mean["fused"] < 0.6 * mean["constant"]
