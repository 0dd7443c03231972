"""The shipped weights on seeds that were never trained on, tuned on or looked at."""

from __future__ import annotations

import itertools
from collections import defaultdict

import numpy as np
import pytest

pytest.importorskip("mujoco")

from rgbt_perception.cli.main import main
from rgbt_perception.evaluation.baselines import DepthHistogram
from rgbt_perception.evaluation.evaluate import merged, score_run
from rgbt_perception.evaluation.metrics import depth_metrics
from rgbt_perception.evaluation.table import text_table
from rgbt_perception.recording.reader import RecordingReader
from rgbt_perception.sensing.decode import depth_picture

pytestmark = pytest.mark.slow

FIRST_SEED = 900_000
RANGES_M = {"street": (0.5, 80.0), "rescue": (0.3, 40.0)}
TRUTH = "/ground_truth/thermal/depth/image"


def truths(bag, scene):
    """Each frame's truth and which of its pixels are scored."""
    low, high = RANGES_M[scene]
    with RecordingReader(bag) as reader:
        for message in reader.messages([TRUTH]):
            depth = depth_picture(message.value)
            with np.errstate(invalid="ignore"):
                yield depth, (depth >= low) & (depth <= high)


def baseline_abs_rel(bags, scene):
    """The best constant and the best depth of each row over all these recordings together."""
    histogram = DepthHistogram(256)
    for bag in bags:
        for depth, scored in truths(bag, scene):
            histogram.add(depth, scored)
    constant, rows = histogram.constant(), histogram.rows()
    values = defaultdict(list)
    for bag in bags:
        for depth, scored in truths(bag, scene):
            truth = depth[scored]
            flat = np.full(truth.shape, constant)
            by_row = rows[np.nonzero(scored)[0]]
            values["constant"].append(depth_metrics(flat, truth)["abs_rel"])
            values["row"].append(depth_metrics(by_row, truth)["abs_rel"])
    return {name: float(np.mean(v)) for name, v in values.items()}


def test_fused_depth_beats_the_best_constant_and_the_best_rows(tmp_path, capsys):
    conditions = itertools.product(RANGES_M, ("day", "night"), ("clear", "rain", "fog", "smoke"))
    scores, bags = [], defaultdict(list)
    for index, (scene, light, weather) in enumerate(conditions):
        bag, out = tmp_path / f"{index}.mcap", tmp_path / str(index)
        words = ["--scene", scene, "--light", light, "--weather", weather]
        words += ["--seconds", "8", "--rate", "1", "--seed", str(FIRST_SEED + index)]
        words += ["--rgb-size", "320x256", "--thermal-size", "320x256"]
        assert main(["simulate", *words, "--out", str(bag)]) == 0
        assert main(["replay", str(bag), "--out", str(out), "--cloud-every", "100"]) == 0
        scores.append(score_run(out))
        bags[scene].append(bag)
    metrics = merged(scores).metrics()
    capsys.readouterr()
    with capsys.disabled():
        print("\n" + text_table(metrics))
        for scene in RANGES_M:
            found = [c for key, c in metrics["conditions"].items() if key.startswith(scene)]
            mean = {
                name: float(np.mean([c["depth"][name]["abs_rel"] for c in found]))
                for name in ("fused", "rgb", "thermal", "ungated")
            }
            mean |= baseline_abs_rel(bags[scene], scene)
            print(scene, "mean abs_rel:", {name: round(v, 3) for name, v in mean.items()})
            assert mean["fused"] < 0.8 * min(mean["row"], mean["constant"])
