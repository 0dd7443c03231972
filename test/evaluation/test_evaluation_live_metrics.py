from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from rgbt_perception.evaluation.evaluate import evaluate_run
from rgbt_perception.evaluation.live_assessment import Level, assess
from rgbt_perception.evaluation.live_metrics import WAIT_NS, LiveMetrics
from rgbt_perception.evaluation.run_folder import OUTPUT_TOPICS
from rgbt_perception.frames import Mode
from rgbt_perception.recording.reader import RecordingReader

KEY = "street/night/smoke"
NAMES = {topic: name for name, topic in OUTPUT_TOPICS.items()}
SCORED = ("depth", "confidence", "status", "rgb", "thermal", "ungated")
TOPICS = {"output": "/perception/depth/image", "truth": "/ground_truth/thermal/depth/image"}


def messages(run: Any) -> list[tuple[str, Any]]:
    """Truths and outputs of a run as they would arrive: each truth before its output."""
    found: list[tuple[int, str, Any]] = []
    for file in (run.parent / "source.mcap", run / "perception.mcap"):
        with RecordingReader(file) as reader:
            found += [(m.time_ns, m.topic, m.value) for m in reader.messages()]
    found.sort(key=lambda item: item[0])
    return [(topic, value) for _, topic, value in found]


def feed(metrics: LiveMetrics, run: Any, now_ns: int = 0) -> None:
    for topic, value in messages(run):
        if topic.endswith("/scene"):
            metrics.take_scene(value)
        elif topic.startswith("/ground_truth/thermal/depth"):
            metrics.take_truth(value)
        elif topic.startswith("/ground_truth/thermal/labels"):
            metrics.take_label_truth(value)
        elif NAMES.get(topic) in (*SCORED, "labels"):
            metrics.take_output(NAMES[topic], value, now_ns)
    while metrics.settle(now_ns):
        pass


def test_scores_what_rgbt_evaluate_scores(synthetic: ModuleType, tmp_path: Any) -> None:
    plan = synthetic.Plan(
        modes=(Mode.FULL, Mode.RGB_ONLY, Mode.FULL, Mode.THERMAL_ONLY, Mode.FULL),
        unknown_rows={"thermal": 6},
    )
    run = synthetic.write_run(tmp_path, plan)
    metrics = LiveMetrics()
    feed(metrics, run)
    metrics.finish()
    offline = evaluate_run(run)
    for condition in offline["conditions"].values():
        del condition["baselines"]  # they know the whole run's truth
    live = metrics.report()
    assert {key: live[key] for key in offline} == offline
    assert live["modes"] == {"FULL": 3, "RGB_ONLY": 1, "THERMAL_ONLY": 1}
    assert live["truths"] == 5


def test_an_output_waits_for_its_truth(synthetic: ModuleType, tmp_path: Any) -> None:
    run = synthetic.write_run(tmp_path)
    late = [(t, v) for t, v in messages(run) if t.startswith("/ground_truth/thermal/depth")]
    metrics = LiveMetrics()
    for topic, value in messages(run):
        if NAMES.get(topic) in SCORED:
            metrics.take_output(NAMES[topic], value, now_ns=0)
    assert not metrics.settle(WAIT_NS - 1)
    for _, value in late:
        metrics.take_truth(value)
    # What is said once comes over a connection of its own, here as the last of all.
    for topic, value in messages(run):
        if topic.endswith("/scene"):
            metrics.take_scene(value)
    while metrics.settle(WAIT_NS - 1):
        pass
    assert metrics.scored == len(late) == 6
    assert set(metrics.report()["conditions"]) == {KEY}


def test_what_never_meets_its_truth_is_counted_and_let_go(
    synthetic: ModuleType, tmp_path: Any
) -> None:
    run = synthetic.write_run(tmp_path, synthetic.Plan(truth_late_ns=1))
    metrics = LiveMetrics()
    feed(metrics, run)
    assert metrics.scored == 0
    while metrics.settle(WAIT_NS):
        pass
    assert metrics.report()["unscored"] == {"no_truth_at_stamp": 6}
    found = assess(metrics, WAIT_NS, **TOPICS)
    assert found.level is Level.WARN
    assert found.values["not scored: no_truth_at_stamp"] == "6"


def test_a_recording_that_loops_is_scored_every_time(synthetic: ModuleType, tmp_path: Any) -> None:
    run = synthetic.write_run(tmp_path)
    metrics = LiveMetrics()
    for lap in range(3):
        feed(metrics, run, lap)
    assert metrics.scored == 18
    assert "unscored" not in metrics.report()


def test_memory_is_bounded_without_any_truth(synthetic: ModuleType, tmp_path: Any) -> None:
    stamps = [synthetic.START_NS + i * 1000 for i in range(100)]
    plan = synthetic.Plan(modes=(Mode.FULL,) * 100, stamps=stamps, truth=None, width=8, height=8)
    metrics = LiveMetrics()
    feed(metrics, synthetic.write_run(tmp_path, plan))
    assert metrics.score.unscored["no_ground_truth"] == 100 - 32
    assert not metrics.score.ground_truth


def test_estimates_can_be_left_out(synthetic: ModuleType, tmp_path: Any) -> None:
    run = synthetic.write_run(tmp_path)
    metrics = LiveMetrics(estimates=False)
    for topic, value in messages(run):
        if topic.startswith("/ground_truth/thermal/depth"):
            metrics.take_truth(value)
        elif NAMES.get(topic) in ("depth", "confidence", "status"):
            metrics.take_output(NAMES[topic], value, now_ns=0)
    while metrics.settle(0):
        pass
    (score,) = metrics.report()["conditions"].values()
    assert list(score["depth"]) == ["fused"]
    assert score["frames"] == 6


def test_an_unreadable_picture_is_named_and_the_next_is_scored(
    synthetic: ModuleType, tmp_path: Any
) -> None:
    run = synthetic.write_run(tmp_path)
    metrics = LiveMetrics()
    broken = True
    for topic, value in messages(run):
        if topic.startswith("/ground_truth/thermal/depth"):
            metrics.take_truth(value)
        elif NAMES.get(topic) in SCORED:
            if NAMES[topic] == "depth" and broken:
                value.data, broken = np.zeros(3, np.uint8), False
            metrics.take_output(NAMES[topic], value, now_ns=0)
    while metrics.settle(0):
        pass
    assert metrics.scored == 5
    assert metrics.score.unscored == {"unreadable": 1}
    (problem,) = metrics.report()["problems"]
    assert problem["count"] == 1
    assert "data" in problem["first"]


def test_the_assessment_says_what_is_missing(synthetic: ModuleType, tmp_path: Any) -> None:
    metrics = LiveMetrics(window=4)
    assert assess(metrics, 0, **TOPICS).message == "nothing on /perception/depth/image yet"
    feed(metrics, synthetic.write_run(tmp_path))
    found = assess(metrics, 0, **TOPICS)
    assert found.level is Level.OK
    assert "abs_rel 0.100" in found.message
    assert "last 4 frames" in found.message
    assert found.values["coverage"] == "1.000"
    above = assess(metrics, 0, **TOPICS, warn_abs_rel=0.09)
    assert (above.level, "above 0.09" in above.message) == (Level.WARN, True)
    assert assess(metrics, 0, **TOPICS, warn_abs_rel=0.11).level is Level.OK
    stale = assess(metrics, 7_000_000_000, **TOPICS)
    assert (stale.level, stale.message) == (
        Level.STALE,
        "nothing on /perception/depth/image for 7 s",
    )


def test_without_truth_the_assessment_names_the_topic(synthetic: ModuleType, tmp_path: Any) -> None:
    metrics = LiveMetrics()
    feed(metrics, synthetic.write_run(tmp_path, synthetic.Plan(truth=None)))
    found = assess(metrics, 0, **TOPICS)
    assert found.level is Level.WARN
    assert "/ground_truth/thermal/depth/image" in found.message


def test_a_waiting_status_belongs_to_no_frame(synthetic: ModuleType, tmp_path: Any) -> None:
    run = synthetic.write_run(tmp_path)
    status = next(v for t, v in messages(run) if NAMES.get(t) == "status")
    status.mode = int(Mode.WAITING)
    metrics = LiveMetrics()
    metrics.take_output("status", status, 0)
    metrics.finish()
    assert metrics.report()["frames"] == 0
    assert metrics.modes == {}


@pytest.mark.parametrize("text", ["", "[]", "not JSON"])
def test_a_bad_scene_message_is_a_problem_not_an_end(synthetic: ModuleType, text: str) -> None:
    metrics = LiveMetrics()
    metrics.take_scene(synthetic.string_message(synthetic.FACTORY, text))
    assert "expected a JSON object" in metrics.problems["scene"][0]


def test_labels_are_scored_as_rgbt_evaluate_scores_them(
    synthetic: ModuleType, tmp_path: Any
) -> None:
    modes = (Mode.FULL, Mode.FULL, Mode.THERMAL_ONLY, Mode.FULL)
    run = synthetic.write_run(tmp_path, synthetic.Plan(modes=modes, labels=True))
    metrics = LiveMetrics()
    feed(metrics, run)
    assert metrics.label_truths == metrics.scored == 4
    live, offline = metrics.report(), evaluate_run(run)
    whole = offline["conditions"][KEY]["segmentation"]
    assert live["conditions"][KEY]["segmentation"] == {"fused": whole["fused"]}
    assert live["conditions"][KEY]["segmentation_frames"] == 3
    alone = offline["single_camera"][KEY]["THERMAL_ONLY"]["segmentation"]
    assert live["single_camera"][KEY]["THERMAL_ONLY"]["segmentation"] == alone
    found = assess(metrics, 0, **TOPICS)
    assert found.values["IoU person"] == f"{whole['fused']['iou']['person']:.3f}"
    assert found.message.endswith(f"(last 4 frames), mIoU {whole['fused']['miou']:.3f}")


@pytest.mark.parametrize("lost", ["/ground_truth/thermal/labels", "labels"])
def test_labels_or_their_truth_that_never_come_are_not_waited_for(
    synthetic: ModuleType, tmp_path: Any, lost: str
) -> None:
    run = synthetic.write_run(tmp_path, synthetic.Plan(labels=True))
    metrics = LiveMetrics()
    number = 0
    for topic, value in messages(run):
        if topic.startswith(lost) or NAMES.get(topic) == lost:
            number += 1
            if number == 3:
                continue
        if topic.startswith("/ground_truth/thermal/depth"):
            metrics.take_truth(value)
        elif topic.startswith("/ground_truth/thermal/labels"):
            metrics.take_label_truth(value)
        elif NAMES.get(topic) in (*SCORED, "labels"):
            metrics.take_output(NAMES[topic], value, 0)
    assert number == 6
    while metrics.settle(WAIT_NS - 1):
        pass
    assert metrics.scored == 6
    (score,) = metrics.report()["conditions"].values()
    assert score["segmentation_frames"] == 5


def test_labels_of_another_view_are_a_problem_not_an_end(
    synthetic: ModuleType, tmp_path: Any
) -> None:
    run = synthetic.write_run(tmp_path, synthetic.Plan(labels=True))
    metrics = LiveMetrics()
    for topic, value in messages(run):
        if topic.startswith("/ground_truth/thermal/depth"):
            metrics.take_truth(value)
        elif topic.startswith("/ground_truth/thermal/labels"):
            metrics.take_label_truth(value)
        elif NAMES.get(topic) in (*SCORED, "labels"):
            if NAMES[topic] == "labels":
                value.height, value.data = 3, value.data[: 3 * value.step]
            metrics.take_output(NAMES[topic], value, 0)
    metrics.finish()
    assert metrics.scored == 6
    assert "labels of fused are 40x3" in metrics.problems["labels"][0]
    assert "mIoU" not in assess(metrics, 0, **TOPICS).values
