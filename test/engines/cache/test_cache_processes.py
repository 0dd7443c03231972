"""Several processes and one folder: one builds, and whoever is killed harms nobody."""

from __future__ import annotations

import re
import time

import pytest
from engine_cache_user import go, start
from fake_compiler import FakeBuilder, builds, make_compiler, write_model

from rgbt_perception.engines.cache.cached_engine import cached_engine
from rgbt_perception.engines.cache.store import PlanStore
from rgbt_perception.engines.plan_builder import Precision

pytest.importorskip("onnx")
_WAIT_S = 60


@pytest.fixture
def place(tmp_path):
    return write_model(tmp_path / "tiny.onnx"), tmp_path / "cache", tmp_path / "journal"


def is_sound(model, folder, journal):
    """Whether the folder serves the engine, and holds nothing else afterwards."""
    cached_engine(model, Precision.FP16, make_compiler(FakeBuilder(journal)), folder)
    names = sorted(path.suffix or path.name for path in folder.iterdir())
    return names == [".json", ".lock", ".plan"] and PlanStore(folder).litter() == []


@pytest.mark.parametrize("count", [2, 5])
def test_processes_at_once_build_once(place, count):
    # Long enough for all to come while the first one builds.
    processes = [start(*place, 2.0) for _ in range(count)]
    for process in processes:
        go(process)
    texts = [process.communicate(timeout=_WAIT_S)[0] for process in processes]
    assert all("done" in text for text in texts), texts
    assert builds(place[2]) == 1
    builder = next(line.split()[0] for line in place[2].read_text().splitlines())
    waiting = [text for text in texts if "waiting for process" in text]
    assert len(waiting) == count - 1
    line = rf"told waiting for process {builder} on \S+ \(building tiny \(fp16\), for \d+ s\) 0.00"
    assert all(re.search(line, text) for text in waiting), waiting
    assert is_sound(*place)


def test_a_waiting_process_builds_when_the_builder_is_killed(place):
    first = start(*place, 30.0)
    go(first)
    while builds(place[2]) == 0:
        time.sleep(0.02)
    second = start(*place, 0.1)
    go(second)
    text = ""
    while "waiting" not in text:
        text = second.stdout.readline()
    first.kill()
    first.communicate()
    began = time.monotonic()
    assert "done" in second.communicate(timeout=_WAIT_S)[0]
    assert time.monotonic() - began < 5
    assert builds(place[2]) == 2
    assert is_sound(*place)


@pytest.mark.parametrize("delay_s", [0.02, 0.08, 0.12, 0.16])
def test_a_killed_process_leaves_a_folder_that_works(place, delay_s):
    process = start(*place, 0.05)
    go(process)
    time.sleep(delay_s)
    process.kill()
    process.communicate()
    assert is_sound(*place)
