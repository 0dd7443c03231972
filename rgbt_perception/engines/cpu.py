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
# takes 0.9 s instead of 0.1 s.
_OPENVINO_FROM_THREADS = 2


def cpu_engine(path: Path, threads: int = 0) -> Engine:
    """Load a model with the faster of the runtimes that are there.

    The choice depends on nothing but what is installed and the threads, so that the same machine
    computes the same numbers every time.

    Args:
        path: ONNX file.
        threads: CPU threads, 0 = all cores.

    Raises:
        RgbtError: no such file, or it is no ONNX model.
    """
    if prefers_openvino(threads):
        try:
            return OpenVinoEngine(path, threads)
        except RgbtError as error:
            _log.warning("%s; trying onnxruntime", error)
    return OnnxRuntimeEngine(path, threads)


def prefers_openvino(threads: int) -> bool:
    """Whether OpenVINO is there and wins with so many threads, 0 = all cores."""
    if (threads or _cores()) < _OPENVINO_FROM_THREADS:
        return False
    return importlib.util.find_spec("openvino") is not None


def _cores() -> int:
    """That this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
