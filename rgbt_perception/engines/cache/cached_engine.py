"""From an ONNX file to a loaded engine: from the folder where there is a plan, else compiled.

No plan is used that was made for another GPU, compute capability, runtime, precision, file, release
or converter, that is damaged, or whose results are not those of the ONNX file.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from rgbt_perception.engines.cache.atomic_file import reason
from rgbt_perception.engines.cache.build_lock import BuildLock
from rgbt_perception.engines.cache.build_report import BuildReport
from rgbt_perception.engines.cache.key import PlanKey
from rgbt_perception.engines.cache.parity import Reference
from rgbt_perception.engines.cache.record import PlanRecord
from rgbt_perception.engines.cache.store import PlanStore
from rgbt_perception.engines.engine import Engine
from rgbt_perception.engines.plan_builder import NoRoomError, PlanBuilder, Precision, Progress
from rgbt_perception.errors import RgbtError

_log = logging.getLogger(__name__)
# Of the whole work: conversion, compilation, comparison.
_CONVERTED, _COMPILED = 0.05, 0.9


class PlanRefusedError(RgbtError):
    """A plan's results are too far from those of the ONNX file."""


@dataclass(frozen=True)
class Compiler:
    """What a runtime brings to have its plans kept.

    Attributes:
        builder: compiles.
        convert: an ONNX file's content to that of another precision; called for a build only.
            Raises RgbtError where it cannot.
        load: a plan to an engine that is ready to run, on ``builder.target()``. Raises NoRoomError
            where there is too little memory for it, and RgbtError for a plan that the runtime
            refuses, which is compiled anew then.
    """

    builder: PlanBuilder
    convert: Callable[[bytes, Precision], bytes]
    load: Callable[[bytes], Engine]


def cached_engine(
    onnx: Path,
    precision: Precision,
    compiler: Compiler,
    folder: Path,
    progress: Progress = lambda what, share: None,
    *,
    asked: bool = False,
) -> Engine:
    """Load an engine, compiling its plan first where the folder has none that may be used.

    Processes that need a plan at the same time compile one after the other, and the same one once.
    After compiling the engine's outputs are compared with those of ONNX Runtime in fp32 on stored
    pictures (``parity``). A folder that cannot be written costs a warning and the next start's
    time, not the engine.

    Blocks for minutes; Python's signal handlers run no sooner than the builder returns where it is
    called by the main thread.

    Args:
        onnx: file as exported, fp32.
        precision: wanted.
        compiler: of the runtime and the GPU that the engine is for.
        folder: see ``folder.cache_folder``.
        progress: called from several threads, one at a time, with what is going on (building, or
            waiting for the process that builds) and the share that is done; not called when the
            plan is there.
        asked: somebody asks for the plan itself, now: what was refused before is compiled again
            (else a refusal holds for this GPU, runtime and release, and costs no minutes at every
            start), and a folder that cannot be written is an error.

    Raises:
        PlanRefusedError: the results are too far from those in fp32; the line has the figures.
        NoRoomError: there is too little memory to load it; what is stored stays.
        RgbtError: the file cannot be read, or converting, compiling or loading fails.
    """
    try:
        content = onnx.read_bytes()
    except OSError as error:
        raise RgbtError(f"model {onnx}: {error.strerror}") from None
    digest = hashlib.sha256(content).hexdigest()
    work = _Work(
        onnx, content, PlanKey(digest, precision, compiler.builder.target()), compiler, folder
    )
    engine = work.stored(tell=False)
    if engine is not None:
        work.tidy()
        return engine
    if not asked:
        work.check_refusal()
    title = f"{onnx.stem} ({precision.value})"
    with BuildReport(f"building engine {title}", progress) as report, ExitStack() as stack:
        try:
            stack.enter_context(BuildLock(folder, f"building {title}", report.waiting))
        except OSError as error:
            line = f"engine cache {folder}: cannot be written ({reason(error)})"
            if asked:
                raise RgbtError(line) from None
            _log.warning("%s; the engine is built for this process only", line)
            return work.build(report, keep=None)
        # Another process may have built it meanwhile.
        engine = work.stored(tell=True)
        if engine is not None:
            return engine
        if not asked:
            work.check_refusal()
        work.store.sweep()
        return work.build(report, keep=work.keep_or_raise if asked else work.keep_or_warn)


class _Work:
    """One engine on its way."""

    def __init__(
        self, onnx: Path, content: bytes, key: PlanKey, compiler: Compiler, folder: Path
    ) -> None:
        self._onnx, self._content, self._key, self._compiler = onnx, content, key, compiler
        self.store = PlanStore(folder)
        # Of a whole plan that the runtime refuses nevertheless.
        self._unloadable = ""

    def stored(self, tell: bool) -> Engine | None:
        """The engine of the stored plan, if there is one that can be used.

        Args:
            tell: log why one that is there cannot be used.

        Raises:
            NoRoomError: there is too little memory for it now: to compile it anew would not help.
        """

        def damaged(why: str) -> None:
            if tell:
                _log.warning("engine cache: %s; building the engine anew", why)

        plan = self.store.find(self._key, damaged)
        if plan is None:
            return None
        why = self._unloadable
        if not why.startswith(plan.record.sha256):
            try:
                engine = self._compiler.load(plan.content)
            except NoRoomError as error:
                raise NoRoomError(
                    f"{error}; the stored engine {plan.record.plan_file} stays"
                ) from None
            except RgbtError as error:
                self._unloadable = f"{plan.record.sha256} {error}"
            else:
                if dict(engine.inputs) == dict(plan.record.shapes):
                    return engine
                self._unloadable = f"{plan.record.sha256} its inputs have other shapes"
        damaged(f"{plan.record.plan_file} is refused ({self._unloadable.partition(' ')[2]})")
        return None

    def tidy(self) -> None:
        """Remove what killed processes left, unless somebody is at work."""
        with suppress(OSError):
            if self.store.litter():
                lock = BuildLock(self.store.folder, "tidying", lambda line: None)
                if lock.take():
                    with suppress(OSError):
                        self.store.sweep()
                    lock.release()

    def check_refusal(self) -> None:
        """Raise what was found when this plan was built before, if it was refused then."""
        record = self.store.refusal(self._key)
        if record is not None:
            raise PlanRefusedError(
                f"engine {record.model} ({self._key.precision.value}): was refused on "
                f"{record.built[:10]}, its results differ from fp32: {record.figures}; "
                f"`rgbt engine build` tries again"
            )

    def build(
        self, report: BuildReport, keep: Callable[[PlanRecord, bytes, bool], None] | None
    ) -> Engine:
        """Compile, compare and store.

        Args:
            report: to tell of it.
            keep: stores the plan, or its refusal.
        """
        precision, target = self._key.precision, self._key.target
        _log.info(
            "building engine %s (%s) for %s with %s: this takes minutes, once",
            self._onnx.stem, precision.value, target.gpu, target.runtime,
        )  # fmt: skip
        converting = report.part(0.0, _CONVERTED)
        converting("converting", 0.0)
        converted = self._compiler.convert(self._content, precision)
        converting("converted", 1.0)
        plan = self._compiler.builder.build(
            converted, precision, report.part(_CONVERTED, _COMPILED)
        )
        engine = self._compiler.load(plan)
        comparing = report.part(_COMPILED, 1.0)
        comparing("comparing with fp32", 0.0)
        parity = Reference(self._onnx, self._key.onnx_sha256).compare(
            engine, precision, lambda share: comparing("comparing with fp32", share)
        )
        record = PlanRecord(
            key=self._key,
            model=self._onnx.stem,
            shapes={name: tuple(shape) for name, shape in engine.inputs.items()},
            sha256=hashlib.sha256(plan).hexdigest(),
            size=len(plan),
            built=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            build_s=round(report.seconds, 1),
            parity=parity,
        )
        holds = all(figures.holds for figures in parity.values())
        if keep is not None:
            keep(record, plan, holds)
        if not holds:
            raise PlanRefusedError(
                f"engine {record.model} ({precision.value}): refused, its results differ from "
                f"fp32: {record.figures}"
            )
        _log.info("engine %s built in %.0f s; %s", record.model, report.seconds, record.figures)
        return engine

    def keep_or_warn(self, record: PlanRecord, plan: bytes, holds: bool) -> None:
        """Store a plan, or that it was refused; where that fails the engine is used anyway."""
        try:
            self.keep_or_raise(record, plan, holds)
        except RgbtError as error:
            _log.warning("%s; it will be built again at the next start", error)

    def keep_or_raise(self, record: PlanRecord, plan: bytes, holds: bool) -> None:
        """Store a plan, or that it was refused.

        Raises:
            RgbtError: it cannot be written.
        """
        try:
            if holds:
                self.store.keep(record, plan)
            else:
                self.store.refuse(record)
        except OSError as error:
            raise RgbtError(
                f"engine cache {self.store.folder}: {reason(error)}, the engine of {record.model} "
                f"({record.size / 1e6:.1f} MB) is not kept"
            ) from None
