"""Feeds the recordings to the sections."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from rgbt_perception.config import Config
from rgbt_perception.engines.engine import Engine
from rgbt_perception.errors import RgbtError
from rgbt_perception.evaluation.suite.calibration import CalibrationSection
from rgbt_perception.evaluation.suite.conditions import ConditionsSection
from rgbt_perception.evaluation.suite.confidence import ConfidenceSection
from rgbt_perception.evaluation.suite.one_camera import OneCameraSection
from rgbt_perception.evaluation.suite.plan import Plan
from rgbt_perception.evaluation.suite.pole import pole_section
from rgbt_perception.evaluation.suite.scenes import seen_pairs
from rgbt_perception.evaluation.suite.section import Section, SectionResult
from rgbt_perception.evaluation.suite.time_offset import TimeOffsetSection
from rgbt_perception.pipeline import DepthPipeline
from rgbt_perception.training.recordings import RecordingSpec, render_missing

Progress = Callable[[int, int], None]
"""Called with the steps done and the steps in all."""

_EVERY_RECORDING: Mapping[str, Callable[[], Section]] = {
    "conditions": ConditionsSection,
    "confidence": ConfidenceSection,
    "one_camera": OneCameraSection,
}
# Costlier: the first recording of each condition only.
_FIRST_TURN: Mapping[str, Callable[[], Section]] = {"calibration": CalibrationSection}
_FAST: Mapping[str, Callable[[], Section]] = {"time_offset": TimeOffsetSection}
SECTIONS = (*_EVERY_RECORDING, *_FIRST_TURN, *_FAST, "pole")


def measure(
    names: Collection[str],
    plan: Plan,
    data: Path,
    engine: Engine,
    processes: int,
    rendering: Progress | None = None,
    measuring: Progress | None = None,
) -> dict[str, SectionResult]:
    """Run sections of the suite; recordings that are missing are rendered first.

    Args:
        names: of ``SECTIONS``.
        plan: which recordings.
        data: folder where recordings are kept.
        engine: the depth network.
        processes: that render.
        rendering, measuring: told the recordings done.

    Returns:
        By section, in the order of ``SECTIONS``.
    """
    sections = {
        name: make()
        for group in (_EVERY_RECORDING, _FIRST_TURN, _FAST)
        for name, make in group.items()
        if name in names
    }
    work = _work(plan, sections)
    paths = render_missing([spec for spec, _ in work], data, processes, rendering) if work else []
    pipeline = DepthPipeline(Config().output, engine)
    for done, (path, (_, takers)) in enumerate(zip(paths, work, strict=True), start=1):
        _feed(path, engine, pipeline, takers)
        if measuring is not None:
            measuring(done, len(work))
    results = {name: section.result() for name, section in sections.items()}
    if "pole" in names:
        results["pole"] = pole_section()
    return results


def _work(plan: Plan, sections: Mapping[str, Section]) -> list[tuple[RecordingSpec, list[Section]]]:
    """Each recording needed, with the sections that take it."""
    first = [sections[name] for name in _FIRST_TURN if name in sections]
    every = [sections[name] for name in _EVERY_RECORDING if name in sections]
    fast = [sections[name] for name in _FAST if name in sections]
    work = [(spec, every if turn else [*every, *first]) for turn, spec in plan.main()]
    work += [(spec, fast) for spec in plan.fast()]
    return [(spec, takers) for spec, takers in work if takers]


def _feed(path: Path, engine: Engine, pipeline: DepthPipeline, takers: Sequence[Section]) -> None:
    try:
        seen = seen_pairs(path, engine)
    except RgbtError as error:
        raise RgbtError(f"{path}: {error}; delete it to have it rendered again") from None
    for section in takers:
        section.add(seen, pipeline)
