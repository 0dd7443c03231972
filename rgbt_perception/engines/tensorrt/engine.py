"""A network compiled by TensorRT."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from rgbt_perception.engines.engine import Tensors
from rgbt_perception.engines.plan_builder import NoRoomError
from rgbt_perception.engines.tensorrt.cuda import Cuda, Stream
from rgbt_perception.engines.tensorrt.memory import DeviceTensor, Tensor, numpy_type, pinned_zeros
from rgbt_perception.engines.tensorrt.messages import make_logger
from rgbt_perception.engines.tensorrt.protocols import ICudaEngine, TensorRt
from rgbt_perception.engines.tensorrt.recordings import Recordings
from rgbt_perception.engines.tensorrt.versions import load_tensorrt
from rgbt_perception.errors import RgbtError


@dataclass(frozen=True)
class ModelCard:
    """What a plan does not say about the network in it.

    Attributes:
        model: its name.
        digest: SHA-256 of the ONNX file as it was given, hexadecimal.
        metadata: text properties of that file.
        precision: of the plan, e.g. ``fp16``.
    """

    model: str
    digest: str
    metadata: Mapping[str, str]
    precision: str


class TensorRtEngine:
    """See ``Engine``; one thread at a time.

    Every tensor has one place on the GPU for as long as the engine lives. A call copies its inputs
    through pinned memory, executes, copies the wanted results back, all in the order of one stream,
    and waits once. From the second call with the same wanted outputs on, all of that is one launch
    of a CUDA graph: a network of hundreds of small layers would otherwise wait for the host to
    enqueue them.
    """

    _cuda: Cuda
    _stream: Stream

    def __init__(
        self,
        plan: bytes,
        card: ModelCard,
        trt: TensorRt | None = None,
        cuda: Cuda | None = None,
        beside: TensorRtEngine | None = None,
        graphs: bool = True,
    ) -> None:
        """Load a plan.

        Args:
            plan: as ``PlanBuilder.build`` gives it, of this machine.
            card: of the network in it.
            trt: the module; imported when not given.
            cuda: the GPU; opened when not given.
            beside: engine whose stream this one shares, so that it can take its tensors.
            graphs: whether to record CUDA graphs.

        Raises:
            NoRoomError: too little memory.
            RgbtError: no TensorRT, no GPU, a plan that is damaged or of another target, or shapes
                that are not fixed.
        """
        trt = load_tensorrt() if trt is None else trt
        if beside is not None:
            cuda = beside._cuda
        self._cuda = Cuda() if cuda is None else cuda
        self.model, self.digest, self.metadata = card.model, card.digest, card.metadata
        self.name = f"tensorrt {trt.__version__} {card.precision} ({self._cuda.gpu})"
        # TensorRT looks at the logger for as long as anything of it lives.
        self._logger, self._complaints = make_logger(trt)
        trt.init_libnvinfer_plugins(self._logger, "")
        try:
            self._runtime = trt.Runtime(self._logger)
        except TypeError:  # the library made none
            raise self._failure("the runtime cannot be made") from None
        engine = self._runtime.deserialize_cuda_engine(plan)
        if engine is None:
            raise self._failure("the plan cannot be loaded")
        context = engine.create_execution_context()
        if context is None:
            raise self._failure("no room to execute the plan in")
        self._engine, self._context = engine, context
        self._stream = Stream(self._cuda) if beside is None else beside._stream
        self._inputs: dict[str, Tensor] = {}
        self._outputs: dict[str, Tensor] = {}
        self._make_tensors(trt, engine)
        self.inputs: Mapping[str, tuple[int, ...]] = {
            name: tensor.on_device.shape for name, tensor in self._inputs.items()
        }
        self.outputs: Collection[str] = tuple(self._outputs)
        self._taken: dict[str, DeviceTensor] = {}
        self._recordings = Recordings(self._stream) if graphs else None

    def host_inputs(self) -> dict[str, npt.NDArray[Any]]:
        """New arrays for the inputs: filled in place and given to ``run``, none is copied.

        Those that are taken from another engine are not among them.
        """
        return {
            name: pinned_zeros(self._cuda, tensor.on_device.shape, tensor.on_device.dtype)
            for name, tensor in self._inputs.items()
            if name not in self._taken
        }

    @property
    def recorded(self) -> bool:
        """Whether calls are launched as CUDA graphs by now."""
        return self._recordings is not None and self._recordings.any

    def device_tensor(self, name: str) -> DeviceTensor:
        """An input or output where it lies on the GPU, for another engine's ``take``."""
        if name in self._taken:
            return self._taken[name]
        return (self._inputs.get(name) or self._outputs[name]).on_device

    def take(self, name: str, tensor: DeviceTensor) -> None:
        """Read an input from now on where another engine has it; ``run`` no longer expects it.

        Args:
            name: of the input.
            tensor: of an engine on the same stream, which runs first.

        Raises:
            RgbtError: there is no such input, it has another shape or type, or another stream.
        """
        if name not in self._inputs:
            raise RgbtError(
                f"model {self.model}: has no input {name}; expected {', '.join(self._inputs)}"
            )
        own = self._inputs[name].on_device
        if (tensor.shape, tensor.dtype) != (own.shape, own.dtype):
            raise RgbtError(
                f"model {self.model}: input {name} is given {tensor.dtype} {list(tensor.shape)} "
                f"on the GPU, expected {own.dtype} {list(own.shape)}"
            )
        if tensor.stream is not self._stream:
            raise RgbtError(f"model {self.model}: input {name} is given from another stream")
        self._bind(name, tensor)
        self._taken[name] = tensor
        if self._recordings is not None:
            self._recordings.forget()

    def run(self, inputs: Tensors, outputs: Collection[str]) -> Tensors:
        """See ``Engine.run``; inputs that are taken from another engine are left out."""
        self._cuda.use()
        given = [tensor for name, tensor in self._inputs.items() if name not in self._taken]
        sources = [(tensor, tensor.stage(inputs[tensor.name])) for tensor in given]
        # Made before anything is recorded: memory cannot be allocated meanwhile.
        results = {name: self._outputs[name].host for name in outputs}

        def work() -> None:
            for tensor, address in sources:
                tensor.upload(address)
            self._complaints.clear()
            if not self._context.execute_async_v3(int(self._stream.handle)):
                raise self._failure("not executed")
            for name in results:
                self._outputs[name].download()

        if self._recordings is None:
            work()
        else:
            addresses = tuple(address for _, address in sources)
            self._recordings.enqueue((tuple(results), addresses), work)
        self._stream.wait()
        return results

    def _make_tensors(self, trt: TensorRt, engine: ICudaEngine) -> None:
        for index in range(engine.num_io_tensors):
            name = engine.get_tensor_name(index)
            shape = tuple(engine.get_tensor_shape(name))
            if min(shape, default=1) < 1:
                raise RgbtError(
                    f"model {self.model}: {name} has the shape {list(shape)}, "
                    "expected fixed numbers"
                )
            dtype = numpy_type(engine.get_tensor_dtype(name).name, name)
            is_input = engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT
            tensor = Tensor(self._cuda, self._stream, name, shape, dtype)
            (self._inputs if is_input else self._outputs)[name] = tensor
            self._bind(name, tensor.on_device)

    def _bind(self, name: str, tensor: DeviceTensor) -> None:
        if not self._context.set_tensor_address(name, tensor.memory.address):
            raise self._failure(f"no place for {name}")

    def _failure(self, what: str) -> RgbtError:
        line = f"model {self.model}: {self.name}: {what} ({self._complaints.first()})"
        if not self._complaints.of_memory():
            return RgbtError(line)
        free, total = self._cuda.memory()
        return NoRoomError(f"{line}; {free / 1e6:.0f} of {total / 1e6:.0f} MB of the GPU are free")
