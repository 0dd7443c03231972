"""Other ways to run a network on an NVIDIA GPU, as far as they are installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from rgbt_perception.engines.engine import Engine, Tensors
from rgbt_perception.errors import RgbtError

Maker = Callable[[], Engine]


def peers(path: Path, model: str, size: tuple[int, int]) -> Iterator[tuple[str, Maker | str]]:
    """Each peer's name, and how it is made or why it is not there.

    Args:
        path: ONNX file.
        model: name in it; torch has the networks of ``confidence_depth`` and ``scene``.
        size: width and height of the network, pixels.
    """
    yield "onnxruntime CUDA", lambda: OnnxRuntimeCudaEngine(path)
    if importlib.util.find_spec("torch") is None:
        yield "torch", "torch is not installed"
        return
    import torch

    if not torch.cuda.is_available():
        yield "torch", f"torch {torch.__version__} finds no GPU"
        return
    for how in ("eager", "compiled", "CUDA graph"):
        yield f"torch {how}", partial(_torch_engine, path, model, size, how)


class OnnxRuntimeCudaEngine:
    """See ``Engine``. ONNX Runtime's CUDA provider; what it cannot do there it does on the CPU."""

    def __init__(self, path: Path) -> None:
        """Load a model.

        Raises:
            RgbtError: this onnxruntime was built without CUDA, or cannot use it here.
        """
        import onnxruntime

        provider = "CUDAExecutionProvider"
        if provider not in onnxruntime.get_available_providers():
            raise RgbtError(f"onnxruntime {onnxruntime.__version__} was built without CUDA")
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(path), options, providers=[provider])
        if provider not in self._session.get_providers():
            raise RgbtError(f"onnxruntime {onnxruntime.__version__} cannot use CUDA here")
        self.name = f"onnxruntime {onnxruntime.__version__} (CUDA)"
        self.model, self.digest = path.stem, ""
        self.metadata: Mapping[str, str] = {}
        self.inputs: Mapping[str, tuple[int, ...]] = {
            item.name: tuple(item.shape) for item in self._session.get_inputs()
        }
        self.outputs: Collection[str] = tuple(item.name for item in self._session.get_outputs())

    def run(self, inputs: Tensors, outputs: Collection[str]) -> Tensors:
        """See ``Engine.run``."""
        names = list(outputs)
        return dict(zip(names, self._session.run(names, dict(inputs)), strict=True))


def _torch_engine(path: Path, model: str, size: tuple[int, int], how: str) -> Engine:
    from rgbt_perception.evaluation.benchmark.torch_networks import depth_network, scene_network
    from rgbt_perception.evaluation.torch_engine import TorchEngine

    makers: Mapping[str, Callable[[str], tuple[Any, Any]]]
    makers = {"confidence_depth": depth_network, "scene": scene_network}
    if model not in makers:
        raise RgbtError(f"torch has no network {model}; expected {' or '.join(makers)}")
    network, _ = makers[model](str(path))
    engine = TorchEngine(network, *size, compiled=how == "compiled")
    return TorchGraphEngine(engine) if how == "CUDA graph" else engine


class TorchGraphEngine:
    """See ``Engine``. Eager torch, recorded once as a CUDA graph and launched from then on."""

    def __init__(self, eager: Any) -> None:
        """Take a ``TorchEngine`` on the GPU; it is recorded with its first inputs."""
        self._eager = eager
        self.name = eager.name.replace("eager", "CUDA graph")
        self.model, self.digest, self.metadata = eager.model, eager.digest, eager.metadata
        self.inputs, self.outputs = eager.inputs, eager.outputs
        self._graph: Any = None
        self._given: dict[str, Any] = {}
        self._results: dict[str, Any] = {}

    def run(self, inputs: Tensors, outputs: Collection[str]) -> Tensors:
        """See ``Engine.run``."""
        import torch

        with torch.inference_mode():
            if self._graph is None:
                self._record(inputs)
            for name, tensor in self._given.items():
                tensor.copy_(torch.from_numpy(inputs[name]))
            self._graph.replay()
            return {name: self._results[name].cpu().numpy() for name in outputs}

    def _record(self, inputs: Tensors) -> None:
        import torch

        self._given = {name: torch.from_numpy(inputs[name]).cuda() for name in self.inputs}
        # Prepares what cannot be recorded, on another stream as torch demands.
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        with torch.cuda.stream(stream):
            for _ in range(3):
                self._compute()
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._results = dict(zip(self.outputs, self._compute(), strict=True))
        self._graph = graph

    def _compute(self) -> Any:
        return self._eager.forward(self._given)
