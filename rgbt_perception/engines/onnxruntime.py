"""ONNX Runtime on the CPU: the engine that runs everywhere."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path

from rgbt_perception.engines.engine import Tensors
from rgbt_perception.errors import RgbtError


class OnnxRuntimeEngine:
    """See ``Engine``."""

    def __init__(self, path: Path, threads: int = 0) -> None:
        """Load a model.

        Args:
            path: ONNX file.
            threads: CPU threads, 0 = all cores.

        Raises:
            RgbtError: onnxruntime is missing, or the file is missing or no ONNX model.
        """
        try:
            import onnxruntime
        except ModuleNotFoundError:
            raise RgbtError(
                "engine onnxruntime: not installed; expected `pip install onnxruntime`"
            ) from None
        try:
            content = path.read_bytes()
        except OSError as error:
            raise RgbtError(f"model {path}: {error.strerror}") from None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        # Waiting threads that spin would take the cores that the rest of the frame needs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime's errors share no public base class
            reason = " ".join(str(error).split())[:200]
            raise RgbtError(f"model {path}: not a usable ONNX file ({reason})") from None
        self.name = f"onnxruntime {onnxruntime.__version__} (CPU)"
        self.digest = hashlib.sha256(content).hexdigest()
        self.metadata: Mapping[str, str] = dict(self._session.get_modelmeta().custom_metadata_map)
        self.model = self.metadata.get("model", path.stem)
        self.outputs: Collection[str] = tuple(item.name for item in self._session.get_outputs())
        self.inputs: Mapping[str, tuple[int, ...]] = {
            item.name: tuple(item.shape) for item in self._session.get_inputs()
        }

    def run(self, inputs: Tensors, outputs: Collection[str]) -> Tensors:
        """See ``Engine.run``."""
        names = list(outputs)
        return dict(zip(names, self._session.run(names, dict(inputs)), strict=True))
