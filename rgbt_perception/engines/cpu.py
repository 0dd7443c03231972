"""Which runtime executes a network on the CPU when the configuration leaves it open."""

from __future__ import annotations

import importlib.util
import logging
import os
from pathlib import Path

from rgbt_perception.engines.engine import Engine
from rgbt_perception.engines.onnxruntime import OnnxRuntimeEngine
from rgbt_perception.engines.openvino import OpenVinoEngine
from rgbt_perception.errors import RgbtError

_log = logging.getLogger(__name__)
# Measured in turns on an Intel Xeon with AVX-512 (to repeat: `rgbt benchmark --engine onnxruntime
# --engine openvino`): with two threads OpenVINO is 1.2 times as fast as ONNX Runtime with the depth
# network and 1.5 times with the scene network; with one thread 0.85 and 1.05 times, and loading
# takes 0.9 s instead of 0.1 s. In int8 the scene network is with OpenVINO another 1.2 times as fast
# with two threads, 1.3 times with one; with ONNX Runtime it is slower than in float32.
_OPENVINO_FROM_THREADS = 2


def cpu_engine(path: Path, threads: int = 0, int8: Path | None = None) -> Engine:
    """Load a model with the faster of the runtimes that are there.

    The choice depends on nothing but what is installed, the threads and whether there is a form in
    int8, so that the same machine computes the same numbers every time.

    Args:
        path: ONNX file.
        threads: CPU threads, 0 = all cores.
        int8: file of the same network in int8, where there is one that may be used.

    Raises:
        RgbtError: no such file, or it is no ONNX model.
    """
    files = [int8] if int8 is not None and has_openvino() else []
    if prefers_openvino(threads):
        files.append(path)
    for file in files:
        try:
            return OpenVinoEngine(file, threads)
        except RgbtError as error:
            following = "float32" if file is not files[-1] else "onnxruntime"
            _log.warning("%s; trying %s", error, following)
    return OnnxRuntimeEngine(path, threads)


def prefers_openvino(threads: int) -> bool:
    """Whether OpenVINO is there and wins with so many threads, 0 = all cores."""
    return (threads or cores()) >= _OPENVINO_FROM_THREADS and has_openvino()


def has_openvino() -> bool:
    """Whether it is installed."""
    return importlib.util.find_spec("openvino") is not None


def cores() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
