"""100 kills at random moments of a build: the cache works after each, and holds no litter."""

from __future__ import annotations

import random
import time

import pytest
from engine_cache_user import go, start
from fake_compiler import FakeBuilder, builds, make_compiler, write_model

from rgbt_perception.engines.cache.cached_engine import cached_engine
from rgbt_perception.engines.cache.store import PlanStore
from rgbt_perception.engines.plan_builder import Precision

pytestmark = pytest.mark.slow
pytest.importorskip("onnx")

KILLS = 100
# How long the builder takes; comparing and writing come on top.
_BUILD_S = 0.1


def wait_for_the_writing(folder, victim):
    """Until the plan is being written, or the process has ended."""
    before = set(folder.iterdir())
    while victim.poll() is None:
        if any(path.suffix in (".tmp", ".plan") for path in set(folder.iterdir()) - before):
            return
        time.sleep(0.001)


def test_kills_at_random_moments(tmp_path, capsys):
    moments = random.Random(20260)
    model, folder, journal = write_model(tmp_path / "tiny.onnx"), tmp_path / "cache", tmp_path / "j"
    process = start(model, folder, journal, _BUILD_S)
    go(process)
    text, _ = process.communicate(timeout=60)
    whole_s = float(text.rsplit("done ", 1)[1])
    counts = {"killed": 0, "left over": 0, "not kept": 0}
    for number in range(KILLS):
        # One of five finds a plan that is there, but damaged.
        if number % 5 == 0:
            for path in folder.glob("*.plan"):
                path.write_bytes(path.read_bytes()[:-1])
        else:
            for path in folder.glob("*.json"):
                path.unlink()
        victim = start(model, folder, journal, _BUILD_S)
        # Every other time a second process wants the same engine.
        other = start(model, folder, journal, _BUILD_S) if number % 2 else None
        go(victim)
        if other is not None:
            go(other)
        if number % 3:
            time.sleep(moments.uniform(0.0, 1.2 * whole_s))
        else:
            wait_for_the_writing(folder, victim)
            time.sleep(moments.uniform(0.0, 0.03))
        victim.kill()
        text, _ = victim.communicate()
        counts["killed"] += "done" not in text
        if other is not None:
            assert "done" in other.communicate(timeout=60)[0], number
        store, before = PlanStore(folder), builds(journal)
        counts["left over"] += bool(store.litter())
        builder = FakeBuilder(journal)
        cached_engine(model, Precision.FP16, make_compiler(builder), folder)
        counts["not kept"] += builds(journal) > before
        assert other is None or builds(journal) == before, f"built again after kill {number}"
        names = sorted(path.suffix or path.name for path in folder.iterdir())
        assert names == [".json", ".lock", ".plan"], (number, names)
        cached_engine(model, Precision.FP16, make_compiler(builder), folder)
        assert builds(journal) <= before + 1
    with capsys.disabled():
        print(f"\n{KILLS} kills within 1.2 x {whole_s:.2f} s of a build: {counts}")
    # Otherwise the moments were not those of a build.
    assert counts["killed"] > KILLS // 2
    assert counts["left over"] > KILLS // 50
