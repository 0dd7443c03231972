"""The whole benchmark: who takes part at which sizes, and what is written of it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rgbt_perception.config import EngineConfig
from rgbt_perception.evaluation.benchmark.contest import Entry, Progress, hold_contest
from rgbt_perception.evaluation.benchmark.contestant import Contestant, Kind
from rgbt_perception.evaluation.benchmark.figures import (
    ENGINE_STAGES,
    outside_engine,
    total_ratio,
)
from rgbt_perception.evaluation.benchmark.growth import scaling
from rgbt_perception.evaluation.benchmark.inputs import Sizes
from rgbt_perception.evaluation.benchmark.network_sizes import at_size, by_file
from rgbt_perception.evaluation.benchmark.resources import machine
from rgbt_perception.replay import LONG_CLOUD_EVERY

Size = tuple[int, int]
Show = Callable[[str], AbstractContextManager[Progress]]


@dataclass(frozen=True)
class Plan:
    """What to measure.

    Attributes:
        engines: our runtimes and precisions, at least one; the peers are compared with the first.
        scene_model: shipped model or ONNX file; empty = no fused picture and no labels.
        sizes: of the cameras.
        networks: sizes of the networks, the first for everybody, the others for growth; empty =
            that of the files.
        cameras: other sizes of both cameras, for growth.
        peers: who is compared.
        pairs: timed, of each of ours.
        load_pairs: at each rate of the search for the highest one; 0 = without it.
    """

    engines: Sequence[EngineConfig]
    scene_model: str
    sizes: Sizes
    networks: Sequence[Size] = ()
    cameras: Sequence[Size] = ()
    peers: Sequence[Kind] = ()
    pairs: int = 60
    load_pairs: int = 60


def run_benchmark(plan: Plan, show: Show) -> dict[str, Any]:
    """Measure.

    Args:
        plan: what.
        show: opens the progress of what is going on.

    Returns:
        The content of the benchmark's JSON file.

    Raises:
        RgbtError: one of ours cannot run; peers that cannot are named under ``skipped``.
    """
    weights: dict[str, str] = {}
    sized: list[Contestant] = []
    first = Contestant(Kind.OURS, plan.engines[0], plan.scene_model, None, plan.sizes)
    with tempfile.TemporaryDirectory(prefix="rgbt_benchmark_") as folder:
        with show("networks") as progress:
            for number, size in enumerate(plan.networks):
                contestant, notes = at_size(first, size, Path(folder))
                sized.append(contestant)
                weights |= notes
                progress(number + 1, len(plan.networks))
        first, *larger = sized or [first]
        others = [
            replace(first, engine=replace(engine, depth_model=first.engine.depth_model))
            for engine in plan.engines[1:]
        ]
        # As `rgbt replay` writes it.
        seldom = replace(first, cloud_every=LONG_CLOUD_EVERY)
        peers = [replace(first, kind=kind) for kind in plan.peers]
        with show("benchmark") as progress:
            entries, skipped = hold_contest(
                [first, seldom, *others, *peers], plan.pairs, plan.load_pairs, progress
            )
        grown: list[Entry] = []
        cameras = [replace(first, sizes=Sizes(size, size)) for size in plan.cameras]
        if larger or cameras:
            with show("growth") as progress:
                growing = [first, *larger, *cameras]
                if larger:
                    growing = [by_file(contestant) for contestant in growing]
                grown, _ = hold_contest(growing, plan.pairs, 0, progress)
    result = _summary(entries, grown, skipped)
    if weights:
        result["weights_of_other_sizes"] = weights
    return result


def _summary(
    entries: Sequence[Entry], grown: Sequence[Entry], skipped: dict[str, str]
) -> dict[str, Any]:
    runs = [entry.run() for entry in entries]
    ours, seldom = entries[:2]
    peers = [entry for entry in entries if entry.contestant.kind is not Kind.OURS]
    result: dict[str, Any] = {
        "machine": machine(),
        "runs": runs,
        "ratios": {},
        "engine_ratios": {},
        "skipped": skipped,
        "outside_engine": round(outside_engine(runs[0]["latency_ms"]), 4),
        f"outside_engine_cloud_every_{seldom.contestant.cloud_every}": round(
            outside_engine(runs[1]["latency_ms"]), 4
        ),
    }
    for peer in peers:
        name = peer.contestant.kind.value
        result["ratios"][name] = round(total_ratio(peer.turns, ours.turns, ("total",)), 2)
        ratio = total_ratio(peer.turns, ours.turns, ENGINE_STAGES)
        result["engine_ratios"][name] = round(ratio, 2)
    if grown:
        result["growth"] = [entry.run() for entry in grown]
        result |= scaling(result["growth"])
    return result
