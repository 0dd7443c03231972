"""Loads and warms the networks without holding up a signal."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from rgbt_perception.config import Config
from rgbt_perception.engines.choice import make_engine
from rgbt_perception.engines.depth_exchange import OUTPUTS
from rgbt_perception.errors import RgbtError
from rgbt_perception.pipeline import DepthPipeline

_POLL_S = 0.1


def load_pipeline(config: Config, go_on: Callable[[], bool]) -> DepthPipeline:
    """Load the engine and run it once, so that the first picture does not pay for it.

    A runtime cannot be interrupted while it loads, which may take minutes; it does so in a thread
    of its own, and the caller's stays free for Ctrl-C.

    Args:
        config: names the model and the runtime.
        go_on: asked several times a second; False gives up.

    Raises:
        RgbtError: the model cannot be loaded or executed, or was given up.
    """
    results: list[DepthPipeline] = []
    faults: list[BaseException] = []

    def load() -> None:
        try:
            pipeline = DepthPipeline(config.output, make_engine(config.engine))
            engine = pipeline.engine
            zeros = {name: np.zeros(shape, np.float32) for name, shape in engine.inputs.items()}
            engine.run(zeros, OUTPUTS)
            results.append(pipeline)
        except BaseException as fault:
            faults.append(fault)

    thread = threading.Thread(target=load, name="load", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_POLL_S)
        if thread.is_alive() and not go_on():
            raise RgbtError("given up while the engine was loading")
    if faults:
        fault = faults[0]
        if isinstance(fault, RgbtError):
            raise fault
        raise RgbtError(f"model {config.engine.depth_model}: cannot be executed ({fault!r})")
    return results[0]


def still_loading() -> bool:
    """Whether a thread that was given up is still in the runtime."""
    return any(thread.name == "load" for thread in threading.enumerate())
