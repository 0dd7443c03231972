"""From the data set's folder to figures, through the shipped network."""

import json

import numpy as np
import pytest
from tiny_ms2 import SEQUENCE, TinyMs2

from rgbt_perception.config import Config
from rgbt_perception.evaluation.evaluate import evaluate_run, merged, score_run
from rgbt_perception.evaluation.ground_truth import condition_of
from rgbt_perception.evaluation.metrics import depth_metrics, median_scale
from rgbt_perception.recording.ms2_folder import Ms2Truth
from rgbt_perception.recording.ms2_importer import import_ms2_sequence
from rgbt_perception.recording.reader import RecordingReader
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.replay import ReplayOptions, replay
from rgbt_perception.sensing.decode import depth_picture
from rgbt_perception.sensing.encode import string_message


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The data set, and a run on each of its truths."""
    folder = tmp_path_factory.mktemp("ms2")
    tiny = TinyMs2(folder / "MS2", frames=3)
    tiny()
    found = {}
    for truth in Ms2Truth:
        bag = folder / f"{truth.value}.mcap"
        import_ms2_sequence(tiny.folder, SEQUENCE, truth, bag)
        found[truth.value] = folder / truth.value
        replay(bag, found[truth.value], Config(), ReplayOptions())
    return tiny, found


def test_the_figures_are_those_of_the_stored_truth(runs):
    tiny, found = runs
    run = found["filtered"]
    score = evaluate_run(run)["conditions"]["ms2-filtered/night/clear"]
    assert score["frames"] == 3
    depths = {}
    with RecordingReader(run / "perception.mcap") as reader:
        topics = [f"/perception/debug/depth/{name}" for name in ("rgb", "thermal", "ungated")]
        for message in reader.messages(["/perception/depth/image", *topics]):
            depths.setdefault(message.topic, []).append(depth_picture(message.value))
    assert len(depths) == 4
    plain, scaled = [], []
    for index, pictures in enumerate(zip(*depths.values(), strict=True)):
        truth = tiny.steps("thr", index, "filtered") / 256
        known = (truth > 1e-3) & (truth <= 80) & np.isfinite(pictures).all(axis=0)
        fused = pictures[list(depths).index("/perception/depth/image")][known]
        plain.append(depth_metrics(fused, truth[known])["abs_rel"])
        factor = median_scale(fused, truth[known])
        scaled.append(depth_metrics(fused * factor, truth[known])["abs_rel"])
    assert len(plain) == 3
    assert score["depth"]["fused"]["abs_rel"] == pytest.approx(np.mean(plain), rel=1e-5)
    assert score["depth_median_scaled"]["fused"]["abs_rel"] == pytest.approx(
        np.mean(scaled), rel=1e-5
    )
    assert np.mean(scaled) != pytest.approx(np.mean(plain), rel=1e-3)


def test_the_two_truths_do_not_mix(runs):
    metrics = merged(score_run(run) for run in runs[1].values()).metrics()
    assert list(metrics["conditions"]) == ["ms2-filtered/night/clear", "ms2-raw/night/clear"]


@pytest.mark.parametrize("truth", ["raw", "filtered"])
def test_the_range_that_is_scored(truth):
    text = json.dumps({"scene": f"ms2-{truth}", "light": "day", "weather": "rain"})
    condition = condition_of(string_message(RosbagsFactory(), text))
    assert condition.range_m == (1e-3, 80.0)
    assert condition.key == f"ms2-{truth}/day/rain"
