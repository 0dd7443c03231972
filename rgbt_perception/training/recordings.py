"""Which recordings a recipe needs, and rendering those that are missing."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import product
from pathlib import Path

from rgbt_perception.training.recipe import RecordingsConfig, SimulatedDataConfig

Progress = Callable[[int, int], None]
"""Called with the steps done and the steps in all."""


@dataclass(frozen=True)
class RecordingSpec:
    """One simulated recording.

    Attributes:
        scene, light, weather: condition.
        seed: of the simulation.
        seconds, rate: length and pairs per second.
        rgb_size, thermal_size: width and height, pixels.
    """

    scene: str
    light: str
    weather: str
    seed: int
    seconds: float
    rate: float
    rgb_size: tuple[int, int]
    thermal_size: tuple[int, int]

    @property
    def file_name(self) -> str:
        """Says everything that decides the content."""
        rgb, thermal = ("{}x{}".format(*size) for size in (self.rgb_size, self.thermal_size))
        return (
            f"{self.scene}-{self.light}-{self.weather}-{self.seed:06d}"
            f"-{self.seconds:g}s-{self.rate:g}hz-rgb{rgb}-thermal{thermal}.mcap"
        )


def recording_specs(data: SimulatedDataConfig, group: RecordingsConfig) -> Iterator[RecordingSpec]:
    """The recordings of a group; conditions take turns, so that every share is mixed."""
    conditions = list(product(data.weathers, data.lights, data.scenes))
    for index in range(group.count):
        turn, place = divmod(index, len(conditions))
        weather, light, scene = conditions[place]
        yield RecordingSpec(
            scene,
            light,
            weather,
            group.first_seed + index,
            group.seconds,
            group.rate,
            data.rgb_sizes[turn % len(data.rgb_sizes)],
            data.thermal_sizes[turn % len(data.thermal_sizes)],
        )


def render_missing(
    specs: Sequence[RecordingSpec], folder: Path, processes: int, progress: Progress | None = None
) -> list[Path]:
    """Render the recordings that are not there yet.

    A recording appears under its name only when it is complete, so an interrupted run goes on
    where it stopped.

    Args:
        specs: what is needed.
        folder: where recordings are kept.
        processes: that render at the same time.
        progress: told the number of recordings that are there.

    Returns:
        Their paths, in the order of ``specs``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / spec.file_name for spec in specs]
    missing = [(spec, path) for spec, path in zip(specs, paths, strict=True) if not path.exists()]
    done = len(specs) - len(missing)
    for finished in _rendered(missing, processes):
        if progress is not None:
            progress(done + finished, len(specs))
    return paths


def _rendered(missing: list[tuple[RecordingSpec, Path]], processes: int) -> Iterator[int]:
    """Render; gives the number of finished recordings after each."""
    if not missing:
        return
    from rgbt_perception.simulation.processes import one_thread_each

    import_module("mujoco")  # its absence must be told here, not by a worker
    # Spawned, not forked: torch may already hold threads.
    context = multiprocessing.get_context("spawn")
    workers = min(processes, len(missing))
    with one_thread_each(), context.Pool(workers, _prepare_worker) as pool:
        for finished, _ in enumerate(pool.imap_unordered(_render, missing), start=1):
            yield finished


def _prepare_worker() -> None:
    # Ctrl-C is for the parent, which ends the pool.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _render(task: tuple[RecordingSpec, Path]) -> None:
    from rgbt_perception.simulation.conditions import Light, SceneName, Weather
    from rgbt_perception.simulation.recorder import record_scenario
    from rgbt_perception.simulation.scenario import Scenario

    spec, path = task
    scenario = Scenario(
        SceneName(spec.scene),
        Light(spec.light),
        Weather(spec.weather),
        spec.seconds,
        spec.rate,
        spec.seed,
        spec.rgb_size,
        spec.thermal_size,
    )
    partial = path.with_name(f"partial-{path.name}")
    record_scenario(scenario, partial)
    partial.replace(path)
