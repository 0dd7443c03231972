from __future__ import annotations

import numpy as np
import pytest
from tiny_accuracy import OFFSET_NS, START_NS, KnownErrors, write_recording

from rgbt_perception.config import Config
from rgbt_perception.errors import InputError
from rgbt_perception.evaluation.evaluate import score_run
from rgbt_perception.evaluation.suite.conditions import ConditionsSection
from rgbt_perception.evaluation.suite.confidence import ConfidenceSection
from rgbt_perception.evaluation.suite.one_camera import OneCameraSection
from rgbt_perception.evaluation.suite.scenes import same_pixels, seen_pairs
from rgbt_perception.frames import Modality, Mode
from rgbt_perception.pipeline import DepthPipeline
from rgbt_perception.replay import ReplayOptions, replay


def test_pairs_come_with_their_results_and_truth(tmp_path):
    seen = seen_pairs(write_recording(tmp_path / "a.mcap"), KnownErrors())
    assert [item.perception.stamp_ns for item in seen] == [
        START_NS + i * 1_000_000_000 + OFFSET_NS for i in range(3)
    ]
    for item in seen:
        assert item.condition == "street/day/fog"
        assert set(item.estimates) == {"fused", "rgb", "thermal", "ungated"}
        # 24 known rows, the uppermost of which is farther than what is scored.
        assert item.scored.sum() == 23 * 40
        assert (item.truth[item.scored] == 10.0).all()


def test_a_silent_camera_leaves_the_other_one(tmp_path):
    item = seen_pairs(write_recording(tmp_path / "a.mcap"), KnownErrors())[0]
    alone = item.without(Modality.RGB)
    assert alone.rgb is None
    assert alone.thermal is item.pair.thermal
    assert alone.mode is Mode.THERMAL_ONLY
    assert alone.reasons == ("rgb_lost",)
    assert item.without(Modality.THERMAL).mode is Mode.RGB_ONLY
    assert item.without(Modality.THERMAL).calibration == item.pair.calibration


def test_a_recording_without_truth_is_refused(tmp_path):
    with pytest.raises(InputError, match="no pair of both cameras with true depth"):
        seen_pairs(write_recording(tmp_path / "a.mcap", truth=False), KnownErrors())


def test_same_pixels_are_those_where_all_is_known():
    scored = np.array([[True, True, True, False]])
    a = np.array([[1.0, np.nan, 1.0, 1.0]], np.float32)
    b = np.array([[1.0, 1.0, np.inf, 1.0]], np.float32)
    assert same_pixels(scored, [a, b]).tolist() == [[True, False, False, False]]


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Replays the tiny recording; gives its score."""
    bag = write_recording(tmp_path / "source.mcap")
    monkeypatch.setattr("rgbt_perception.replay.make_engine", lambda config: KnownErrors())

    def score(drop=None):
        out = tmp_path / f"run-{drop}"
        replay(bag, out, Config(), ReplayOptions(drop=drop))
        return score_run(out).metrics()

    score.bag = bag
    return score


def test_scores_are_those_of_evaluate(run):
    metrics = run()["conditions"]["street/day/fog"]
    seen = seen_pairs(run.bag, KnownErrors())
    pipeline = DepthPipeline(Config().output, KnownErrors())
    conditions, confidence = ConditionsSection(), ConfidenceSection()
    for section in (conditions, confidence):
        section.add(seen, pipeline)
    ours = conditions.result().values["conditions"]["street/day/fog"]
    for name, depth in metrics["depth"].items():
        for measure in ("abs_rel", "rmse"):
            assert ours[f"{measure}/{name}"] == depth[measure]
    assert ours["coverage"] == metrics["coverage"]
    kept = confidence.result().values["conditions"]["street/day/fog"]
    assert kept["abs_rel/70%"] == metrics["confidence"]["abs_rel_keep70"]
    assert kept["abs_rel/100%"] == pytest.approx(metrics["depth"]["fused"]["abs_rel"], rel=1e-12)


@pytest.mark.parametrize("lost", list(Modality))
def test_a_silent_camera_scores_as_a_replay_without_it(run, lost):
    metrics = run(lost)["single_camera"]["street/day/fog"]
    (alone,) = metrics.values()
    seen = seen_pairs(run.bag, KnownErrors())
    section = OneCameraSection()
    section.add(seen, DepthPipeline(Config().output, KnownErrors()))
    ours = section.result().values[f"without_{lost.value}"]["conditions"]["street/day/fog"]
    assert ours["fused"] == alone["depth"]["fused"]["abs_rel"]
    assert ours["coverage"] == alone["coverage"]
