"""Loads and warms the networks without holding up a signal."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from rgbt_perception.config import Config
from rgbt_perception.engines.cache.build_report import progress_line
from rgbt_perception.engines.choice import make_engine, make_scene_engine
from rgbt_perception.engines.engine import Engine
from rgbt_perception.errors import RgbtError
from rgbt_perception.hosting.findings import Finding
from rgbt_perception.hosting.watchdog import Level
from rgbt_perception.pipeline import DepthPipeline

_POLL_S = 0.1
# A runtime that builds its engine takes minutes.
_TELL_S = 5.0


@dataclass(frozen=True)
class Loading:
    """How far loading is.

    Attributes:
        seconds: since it began.
        what: is going on, e.g. ``building engine confidence_depth (fp16)``; empty when nobody says.
        share: of that, 0 to 1.
    """

    seconds: float
    what: str = ""
    share: float = 0.0

    def finding(self) -> Finding:
        """For the log and for diagnostics."""
        line = f"still loading, for {self.seconds:.0f} s"
        if not self.what:
            return Finding(Level.OK, "pipeline", line)
        values = {"loading": self.what, "done": f"{self.share:.0%}"}
        line = f"{line}; {progress_line(self.what, self.share)}"
        return Finding(Level.OK, "pipeline", line, values)


def load_pipeline(
    config: Config,
    go_on: Callable[[], bool],
    tell: Callable[[Loading], None] = lambda loading: None,
) -> DepthPipeline:
    """Load the engines and run each once, so that the first picture does not pay for it.

    A runtime cannot be interrupted while it loads, which may take minutes; it does so in a thread
    of its own, and the caller's stays free for Ctrl-C.

    Args:
        config: names the models and the runtime.
        go_on: asked several times a second; False gives up.
        tell: called every few seconds with how far it is.

    Raises:
        RgbtError: the model cannot be loaded or executed, or was given up.
    """
    # Around the engine OpenCV works for fractions of a millisecond at a time: to share that out
    # takes more CPU than it saves, and waits for a thread that may not get a core at once.
    cv2.setNumThreads(1)
    results: list[DepthPipeline] = []
    faults: list[BaseException] = []

    model = config.engine.depth_model
    under_way = "", 0.0

    def note(what: str, share: float) -> None:
        nonlocal under_way
        under_way = what, share

    def load() -> None:
        nonlocal model
        try:
            engine = make_engine(config.engine, note)
            # What was said of the first says nothing of the second.
            note("", 0.0)
            _warm(engine)
            model = config.scene.model
            scene = make_scene_engine(config.engine, model, note)
            note("", 0.0)
            if scene is not None:
                _warm(scene)
            results.append(DepthPipeline(config.output, engine, scene))
        except BaseException as fault:
            faults.append(fault)

    thread = threading.Thread(target=load, name="load", daemon=True)
    began_s = told_s = time.monotonic()
    thread.start()
    while thread.is_alive():
        thread.join(_POLL_S)
        if thread.is_alive() and not go_on():
            raise RgbtError("given up while the engine was loading")
        now_s = time.monotonic()
        if now_s - told_s >= _TELL_S:
            told_s = now_s
            tell(Loading(now_s - began_s, *under_way))
    if faults:
        fault = faults[0]
        if isinstance(fault, RgbtError):
            raise fault
        raise RgbtError(f"model {model}: cannot be executed ({fault!r})")
    return results[0]


def _warm(engine: Engine) -> None:
    zeros = {name: np.zeros(shape, np.float32) for name, shape in engine.inputs.items()}
    engine.run(zeros, engine.outputs)


def still_loading() -> bool:
    """Whether a thread that was given up is still in the runtime."""
    return any(thread.name == "load" for thread in threading.enumerate())
