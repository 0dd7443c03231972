"""What differs between TensorRT 8.6, 10 and 11, in one place.

Members are asked for by name, never by number: 0 is EXPLICIT_BATCH in 8.6 and STRONGLY_TYPED in 11.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, cast

from rgbt_perception.engines.optional_package import optional_package
from rgbt_perception.engines.plan_builder import Precision
from rgbt_perception.engines.tensorrt.protocols import (
    IBuilderConfig,
    INetworkDefinition,
    TensorRt,
)
from rgbt_perception.errors import RgbtError

_OLDEST, _TOO_NEW = (8, 6), (12, 0)
# From here on the element types of the ONNX file decide, and nothing beside them.
_STRONGLY_TYPED = (10, 0)


def load_tensorrt() -> TensorRt:
    """Import TensorRT.

    Raises:
        RgbtError: it is missing, its libraries are, or it is of a version that is not known.
    """
    expected = "the package tensorrt of JetPack, or `pip install 'rgbt_perception[gpu]'`"
    trt = cast(TensorRt, optional_package("tensorrt", "engine tensorrt", expected))
    if not _OLDEST <= version(trt) < _TOO_NEW:
        raise RgbtError(f"engine tensorrt: version {trt.__version__}, expected 8.6, 10 or 11")
    return trt


def version(trt: TensorRt) -> tuple[int, int]:
    """Major and minor; (0, 0) when it is not to be read."""
    found = re.match(r"(\d+)\.(\d+)", str(getattr(trt, "__version__", "")))
    return (int(found[1]), int(found[2])) if found else (0, 0)


def network_flags(trt: TensorRt) -> int:
    """Flags of ``create_network``.

    Strongly typed from 10 on, as 11 always is. 8.6 needs to be told that the batch is a dimension.
    """
    name = "STRONGLY_TYPED" if version(trt) >= _STRONGLY_TYPED else "EXPLICIT_BATCH"
    member = getattr(trt.NetworkDefinitionCreationFlag, name, None)
    return 0 if member is None else 1 << int(member)


def apply_precision(
    trt: TensorRt, config: IBuilderConfig, network: INetworkDefinition, precision: Precision
) -> None:
    """Make the arithmetic that of the ONNX file.

    Nowhere may the matrices of the geometry be multiplied in TF32, whose 10 bits move a projected
    pixel. 8.6 knows no strong typing: it is allowed the reduced precision, and what is float32 in
    the file is marked as such.
    """
    config.clear_flag(trt.BuilderFlag.TF32)
    if version(trt) >= _STRONGLY_TYPED or precision is Precision.FP32:
        return
    config.set_flag(trt.BuilderFlag.FP16)
    if precision is Precision.INT8:
        config.set_flag(trt.BuilderFlag.INT8)
    # Not OBEY: where a layer has no float32 form, the build would fail.
    config.set_flag(trt.BuilderFlag.PREFER_PRECISION_CONSTRAINTS)
    for index in range(network.num_layers):
        layer = network.get_layer(index)
        outputs = [layer.get_output(place) for place in range(layer.num_outputs)]
        if any(tensor is not None and tensor.dtype == trt.DataType.FLOAT for tensor in outputs):
            cast(Any, layer).precision = trt.DataType.FLOAT


def report_progress(
    trt: TensorRt, config: IBuilderConfig, progress: Callable[[str, float], None]
) -> bool:
    """Have a build tell how far it is; False where the version cannot (8.6).

    Args:
        trt: the module.
        config: of the build.
        progress: told the phase and the share of the whole that is done, 0 to 1.
    """
    base = getattr(trt, "IProgressMonitor", None)
    if base is None:
        return False
    monitor = _monitor(base, progress)
    cast(Any, config).progress_monitor = monitor
    return True


def _monitor(base: Any, progress: Callable[[str, float], None]) -> Any:
    class Monitor(base):  # type: ignore[misc]
        """Adds nested phases up: a phase is one step of the one that it lies in."""

        def __init__(self) -> None:
            base.__init__(self)
            # Of each open phase: the outer one, all steps and those that are done.
            self._phases: dict[str, list[Any]] = {}
            self._share = 0.0

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            self._phases[phase_name] = [parent_phase, max(1, num_steps), 0]
            self._tell(phase_name)

        def step_complete(self, phase_name: str, step: int) -> bool:
            phase = self._phases.get(phase_name)
            if phase is not None:
                phase[2] = min(step + 1, phase[1])
                self._tell(phase_name)
            return True  # go on

        def phase_finish(self, phase_name: str) -> None:
            self._phases.pop(phase_name, None)

        def _tell(self, phase_name: str) -> None:
            share, name = 0.0, phase_name
            seen: set[str] = set()
            while name in self._phases and name not in seen:
                seen.add(name)
                parent, steps, done = self._phases[name]
                share = min(1.0, (done + share) / steps)
                name = parent
            # Phases that follow one another begin at 0 again; a bar does not go back.
            self._share = max(self._share, share)
            progress(phase_name, self._share)

    return Monitor()
