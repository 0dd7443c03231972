"""Contestants take turns, so that what slows the machine for a while slows all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from rgbt_perception.errors import RgbtError
from rgbt_perception.evaluation.benchmark.contestant import Contestant, Kind
from rgbt_perception.evaluation.benchmark.figures import latency_figures, ros2_benchmark_metrics
from rgbt_perception.evaluation.benchmark.load import Load
from rgbt_perception.evaluation.benchmark.resources import Effort
from rgbt_perception.evaluation.benchmark.worker import Ready, Turn, Worker

_PAIRS_A_TURN = 10
# Peers are there for the ratio, which needs no 99th percentile; the slow ones take a second a pair.
_OF_PEERS = 0.5

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Entry:
    """What one contestant did.

    Attributes:
        contestant: who it is.
        ready: what it runs on.
        turns: one for each round.
        load: at the highest rate that it kept up with; None when that was not searched.
    """

    contestant: Contestant
    ready: Ready
    turns: list[Turn]
    load: Load | None

    def run(self) -> dict[str, Any]:
        """One entry of ``runs`` in the benchmark's JSON."""
        contestant, effort = self.contestant, Effort(0.0, 0.0)
        for turn in self.turns:
            effort += turn.effort
        pairs = sum(len(turn.stages) for turn in self.turns)
        run: dict[str, Any] = {
            "contestant": contestant.kind.value,
            "engine": self.ready.engine,
            "precision": contestant.engine.precision.value,
            "network": list(self.ready.network),
            "rgb": list(contestant.sizes.rgb),
            "thermal": list(contestant.sizes.thermal),
            "scene": bool(contestant.scene_model),
            "cloud_every": contestant.cloud_every,
            "pairs": pairs,
            "latency_ms": latency_figures(self.turns),
            "fps": round(pairs / effort.wall_s, 2),
            "cpu": round(effort.busy_cores, 2),
            "rss_mb": round(self.turns[-1].rss_mb, 1),
        }
        if self.turns[-1].gpu_memory_mb:
            run["gpu_memory_mb"] = self.turns[-1].gpu_memory_mb
        if self.ready.weights:
            run["weights"] = self.ready.weights
        if self.load is not None:
            run["throughput_hz"] = round(self.load.rate_hz, 2)
            run["dropped"] = round(self.load.dropped, 4)
            run["ros2_benchmark"] = ros2_benchmark_metrics(self.load)
        return run


def hold_contest(
    contestants: Sequence[Contestant],
    pairs: int,
    load_pairs: int,
    progress: Progress = lambda done, total: None,
) -> tuple[list[Entry], dict[str, str]]:
    """Start everybody, let them take turns, and search the highest rate of the first.

    Args:
        contestants: who takes part.
        pairs: timed pairs of each of ours; peers process half as many.
        load_pairs: at each rate of the search; 0 = without it.
        progress: called with the turns done and in all.

    Returns:
        The entries, and why each peer that could not take part, or not to the end, did not, by its
        name; likewise of the search, as ``highest rate``.

    Raises:
        RgbtError: one of ours cannot.
    """
    rounds = max(1, round(pairs / _PAIRS_A_TURN))
    skipped: dict[str, str] = {}
    with ExitStack() as processes:
        ready: dict[Worker, Ready] = {}
        for contestant in contestants:
            worker = processes.enter_context(Worker(contestant))
            try:
                ready[worker] = worker.wait()
            except RgbtError as error:
                _leave_out(contestant, error, skipped)
        turns: dict[Worker, list[Turn]] = {worker: [] for worker in ready}
        for number in range(rounds):
            for place, (worker, taken) in enumerate(turns.items()):
                if worker in ready:
                    try:
                        taken.append(worker.turn(_pairs_of(worker.contestant, pairs, rounds)))
                    except RgbtError as error:
                        _leave_out(worker.contestant, error, skipped)
                        del ready[worker]
                progress(number * len(turns) + place + 1, rounds * len(turns))
        first, load = next(iter(ready)), None
        if load_pairs:
            try:
                load = first.load(load_pairs, latency_figures(turns[first])["total"]["p50"])
            except RgbtError as error:
                # The turns have been taken: their figures stand.
                skipped["highest rate"] = str(error)
        entries = [
            Entry(worker.contestant, found, turns[worker], load if worker is first else None)
            for worker, found in ready.items()
        ]
    return entries, skipped


def _leave_out(contestant: Contestant, error: RgbtError, skipped: dict[str, str]) -> None:
    """Note why a peer does not take part; without one of ours there is nothing to compare."""
    if contestant.kind is Kind.OURS:
        raise error
    skipped[contestant.kind.value] = str(error)


def _pairs_of(contestant: Contestant, pairs: int, rounds: int) -> int:
    share = 1.0 if contestant.kind is Kind.OURS else _OF_PEERS
    return max(2, round(pairs / rounds * share))
