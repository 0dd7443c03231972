from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rgbt_perception.config import EngineConfig, EngineName
from rgbt_perception.errors import RgbtError
from rgbt_perception.evaluation.benchmark import contest, network_sizes
from rgbt_perception.evaluation.benchmark.contest import hold_contest
from rgbt_perception.evaluation.benchmark.contestant import Contestant, Kind
from rgbt_perception.evaluation.benchmark.inputs import PairSource, Sizes, bench_rig
from rgbt_perception.evaluation.benchmark.making import make_processor
from rgbt_perception.evaluation.benchmark.network_sizes import at_size, file_size
from rgbt_perception.evaluation.benchmark.resources import Effort
from rgbt_perception.evaluation.benchmark.worker import Ready, Turn
from rgbt_perception.sensing.decode import stamp_of

SIZES = Sizes((160, 120), (80, 64))
CONSTANT = EngineConfig(EngineName.CONSTANT)
OURS = Contestant(Kind.OURS, CONSTANT, "any", (128, 64), SIZES)


def missing(kind):
    return Contestant(kind, EngineConfig(depth_model="nowhere.onnx"), "", None, SIZES)


def test_contestants_take_turns_and_a_peer_without_its_model_is_skipped():
    steps = []
    entries, skipped = hold_contest(
        [OURS, missing(Kind.ONNXRUNTIME_DEFAULT)],
        pairs=20,
        load_pairs=0,
        progress=lambda done, total: steps.append((done, total)),
    )
    assert steps == [(1, 2), (2, 2)]
    assert "nowhere.onnx" in skipped["onnxruntime_default"]
    (entry,) = entries
    run = entry.run()
    assert run["network"] == [128, 64]
    assert (run["rgb"], run["thermal"]) == ([160, 120], [80, 64])
    assert run["pairs"] == 20
    latency = run["latency_ms"]
    assert {"sensing", "depth_engine", "scene_engine", "fuse", "labels", "encode"} < latency.keys()
    assert latency["total"]["p50"] <= latency["total"]["p99"] <= latency["total"]["max"]
    assert run["fps"] == pytest.approx(1e3 / latency["total"]["mean"], rel=0.5)
    assert run["rss_mb"] > 30
    assert "throughput_hz" not in run


def test_one_of_ours_that_cannot_run_ends_it():
    with pytest.raises(RgbtError, match=r"nowhere\.onnx"):
        hold_contest([missing(Kind.OURS)], 2, 0)


class PlayedWorker:
    """Takes turns of one millisecond a pair; a peer's process ends in its second turn."""

    def __init__(self, contestant):
        self.contestant, self.turns = contestant, 0

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass

    def wait(self):
        return Ready("played", (128, 64), "")

    def turn(self, pairs):
        self.turns += 1
        if self.contestant.kind is not Kind.OURS and self.turns == 2:
            raise RgbtError("its process ended (exit code -9)")
        return Turn([{"total": 1.0}] * pairs, Effort(0.001 * pairs, 0.001), 40.0, "")


def test_a_peer_that_fails_later_does_not_end_it(monkeypatch):
    monkeypatch.setattr(contest, "Worker", PlayedWorker)
    steps = []
    peer = missing(Kind.TORCH_EAGER)
    entries, skipped = hold_contest(
        [OURS, peer], 30, 0, progress=lambda done, total: steps.append((done, total))
    )
    assert skipped == {"torch_eager": "its process ended (exit code -9)"}
    assert [entry.contestant for entry in entries] == [OURS]
    assert entries[0].run()["pairs"] == 30
    assert steps[-1] == (6, 6)


def test_every_pair_is_a_message_of_its_own():
    source = PairSource(SIZES)
    (rgb, thermal), (later, _) = source.pair(0), source.pair(8)
    assert stamp_of(thermal) == source.stamp_ns(0) == stamp_of(rgb) + 1_000_000
    assert np.shares_memory(rgb.data, later.data)
    assert stamp_of(later) > stamp_of(rgb)
    assert not np.array_equal(source.pair(1)[1].data, thermal.data), "or it looks frozen"


def test_both_cameras_are_distorted():
    rig = bench_rig(SIZES)
    assert not rig.rgb.is_rectified
    assert not rig.thermal.is_rectified


def test_the_cloud_comes_as_often_as_asked():
    source = PairSource(SIZES)
    processor = make_processor(replace(OURS, cloud_every=3))
    encode = [processor.process(source.pair(index)).get("color") for index in range(1, 8)]
    assert sum(lap is not None for lap in encode) in (2, 3)


def test_the_constant_engine_has_any_size(tmp_path):
    sized, weights = at_size(OURS, (192, 128), tmp_path)
    assert sized.network == (192, 128)
    assert weights == {}
    assert make_processor(sized).network == (192, 128)


def test_the_files_own_size_is_not_exported_again(tmp_path):
    ours = Contestant(Kind.OURS, EngineConfig(), "", None, SIZES)
    size = file_size("confidence_depth")
    assert size == (320, 256)
    sized, _ = at_size(ours, size, tmp_path)
    assert sized.engine == ours.engine
    assert list(tmp_path.iterdir()) == []


def test_other_sizes_need_the_training_extra(tmp_path, monkeypatch):
    ours = Contestant(Kind.OURS, EngineConfig(), "", None, SIZES)
    monkeypatch.setattr(network_sizes.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(RgbtError, match=r"448x384: torch is not installed.*\[train\]"):
        at_size(ours, (448, 384), tmp_path)
