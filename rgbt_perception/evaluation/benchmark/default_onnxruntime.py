"""ONNX Runtime as its documentation begins: a session of the file, nothing set."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path

from rgbt_perception.engines.engine import Tensors


class DefaultOnnxRuntimeEngine:
    """See ``Engine``."""

    def __init__(self, path: Path) -> None:
        """Load a model, an ONNX file."""
        import onnxruntime

        self._session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        self.name = f"onnxruntime {onnxruntime.__version__} default settings (CPU)"
        self.digest = hashlib.sha256(path.read_bytes()).hexdigest()
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
