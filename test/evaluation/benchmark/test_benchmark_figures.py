from __future__ import annotations

import pytest

from rgbt_perception.engines.cpu import cores
from rgbt_perception.evaluation.benchmark.figures import (
    latency_figures,
    outside_engine,
    ros2_benchmark_metrics,
    total_ratio,
)
from rgbt_perception.evaluation.benchmark.load import Load
from rgbt_perception.evaluation.benchmark.resources import Effort, Meter, machine, rss_mb
from rgbt_perception.evaluation.benchmark.worker import Turn


def turn(*totals, engine=0.0):
    stages = [{"depth_engine": engine, "total": total} for total in totals]
    return Turn(stages, Effort(1.0, 0.5), 100.0, "")


def test_percentiles_are_over_all_turns():
    figures = latency_figures([turn(1.0, 2.0), turn(3.0)])["total"]
    assert figures == {"p50": 2.0, "p99": 2.98, "max": 3.0, "mean": 2.0}


def test_a_slow_minute_does_not_change_the_ratio():
    ours = [turn(10.0, 10.0), turn(50.0, 52.0), turn(10.0)]
    theirs = [turn(30.0), turn(153.0, 153.0), turn(90.0)]
    assert total_ratio(theirs, ours, ("total",)) == pytest.approx(3.0)


def test_the_ratio_of_some_stages_is_that_of_their_sum():
    ratio = total_ratio([turn(9.0, engine=8.0)], [turn(5.0, engine=2.0)], ("depth_engine",))
    assert ratio == 4.0


def test_outside_the_engines_is_what_neither_took():
    latency = {name: {"mean": ms} for name, ms in (("depth_engine", 5), ("total", 20))}
    assert outside_engine(latency) == pytest.approx(0.75)
    latency["scene_engine"] = {"mean": 5}
    assert outside_engine(latency) == pytest.approx(0.5)


def test_metrics_have_the_names_and_meanings_of_ros2_benchmark():
    sent = {stamp: 100.0 * stamp for stamp in range(5)}
    # The third pair is dropped; the last one takes longer.
    received = {0: 30.0, 1: 130.0, 3: 330.0, 4: 450.0}
    metrics = ros2_benchmark_metrics(Load(10.0, sent, received, Effort(1.0, 0.5 * cores())))
    basic = {
        name.removeprefix("BasicPerformanceMetrics."): value for name, value in metrics.items()
    }
    assert basic["NUM_FRAMES_SENT"] == 5
    assert basic["NUM_MISSED_FRAMES"] == 1
    assert basic["MEAN_PLAYBACK_FRAME_RATE"] == 12.5  # theirs: frames over the time between them
    assert basic["RECEIVED_DURATION"] == 420.0
    assert basic["MEAN_FRAME_RATE"] == pytest.approx(4 / 0.42, abs=1e-3)
    assert basic["FIRST_SENT_RECEIVED_LATENCY"] == 30.0
    assert basic["LAST_SENT_RECEIVED_LATENCY"] == 50.0
    assert (basic["MIN_LATENCY"], basic["MAX_LATENCY"]) == (30.0, 50.0)
    assert basic["MEAN_LATENCY"] == 35.0
    # Intervals of 100, 200 and 120 ms.
    assert (basic["MIN_JITTER"], basic["MAX_JITTER"]) == (80.0, 100.0)
    assert basic["MEAN_JITTER"] == 90.0
    assert basic["STD_DEV_JITTER"] == 10.0
    assert metrics["ResourceMetrics.MEAN_OVERALL_CPU_UTILIZATION"] == 50.0


def test_nothing_received_is_no_metric():
    metrics = ros2_benchmark_metrics(Load(10.0, {0: 0.0, 1: 100.0}, {}, Effort(1.0, 1.0)))
    assert metrics["BasicPerformanceMetrics.NUM_MISSED_FRAMES"] == 2
    assert "BasicPerformanceMetrics.MEAN_LATENCY" not in metrics


def test_effort_is_of_this_process():
    meter = Meter()
    sum(range(300_000))
    effort = meter.effort()
    assert effort.cpu_s > 0
    assert 0 < effort.busy_cores < cores() + 1
    assert (effort + effort).wall_s == 2 * effort.wall_s
    assert rss_mb() > 10
    assert f"{cores()} cores" in machine()
