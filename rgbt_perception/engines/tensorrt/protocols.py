"""The part of TensorRT's and CUDA's Python bindings that is used here, and nothing else.

mypy holds the code to this list; a test holds the list to the real bindings of every version. The
classes have the names that they have there. Members that not every version has are not listed:
only ``versions`` touches those.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

Buffer = Any
"""An object with the buffer protocol; Python 3.10 has no type for it."""

Flag = Any
"""A member of one of the binding's own enumerations."""


class ILogger(Protocol):
    """Receives what TensorRT says; our own class is derived from it."""

    def log(self, severity: Flag, msg: str) -> None:
        """Take one line."""


class ICudaEngine(Protocol):
    """A loaded plan."""

    @property
    def num_io_tensors(self) -> int:
        """Inputs and outputs."""

    def get_tensor_name(self, index: int) -> str:
        """By position."""

    def get_tensor_mode(self, name: str) -> Flag:
        """Input or output."""

    def get_tensor_dtype(self, name: str) -> Flag:
        """Element type."""

    def get_tensor_shape(self, name: str) -> Sequence[int]:
        """Sizes, -1 where not fixed."""

    def create_execution_context(self) -> IExecutionContext | None:
        """None when memory runs out."""


class IExecutionContext(Protocol):
    """One place to run a plan in."""

    def set_tensor_address(self, name: str, memory: int) -> bool:
        """Where a tensor lies on the device."""

    def execute_async_v3(self, stream_handle: int) -> bool:
        """Enqueue."""


class Runtime(Protocol):
    """Loads plans."""

    def deserialize_cuda_engine(self, serialized_engine: Buffer) -> ICudaEngine | None:
        """None when the plan is damaged or of another version or GPU."""


class IHostMemory(Protocol):
    """Bytes owned by TensorRT; also a buffer."""

    @property
    def nbytes(self) -> int:
        """Size."""


class INetworkDefinition(Protocol):
    """A network between parsing and building."""

    @property
    def num_layers(self) -> int:
        """Of the parsed network."""

    def get_layer(self, index: int) -> ILayer:
        """By position."""


class ITensor(Protocol):
    """A value within a network."""

    @property
    def dtype(self) -> Flag:
        """Element type."""


class ILayer(Protocol):
    """An operation within a network."""

    @property
    def num_outputs(self) -> int:
        """Values that it computes."""

    def get_output(self, index: int) -> ITensor | None:
        """By position."""


class ITimingCache(Protocol):
    """How long kernels took."""

    def serialize(self) -> IHostMemory:
        """For another build."""


class IBuilderConfig(Protocol):
    """How to build."""

    def set_memory_pool_limit(self, pool: Flag, pool_size: int) -> None:
        """At most so many bytes."""

    def set_flag(self, flag: Flag) -> None:
        """Allow or ask for something."""

    def clear_flag(self, flag: Flag) -> None:
        """The reverse."""

    def create_timing_cache(self, serialized_timing_cache: Buffer) -> ITimingCache | None:
        """From an earlier build, or empty."""

    def set_timing_cache(self, cache: ITimingCache, ignore_mismatch: bool) -> bool:
        """Read and fill it; False when it is of another version or GPU."""


class Builder(Protocol):
    """Makes plans."""

    def create_network(self, flags: int) -> INetworkDefinition | None:
        """Empty."""

    def create_builder_config(self) -> IBuilderConfig | None:
        """With defaults."""

    def build_serialized_network(
        self, network: INetworkDefinition, config: IBuilderConfig
    ) -> IHostMemory | None:
        """None when the build failed."""


class ParserError(Protocol):
    """What the parser did not like."""

    def desc(self) -> str:
        """In words."""

    def node(self) -> int:
        """Position in the file."""


class OnnxParser(Protocol):
    """Reads ONNX into a network."""

    @property
    def num_errors(self) -> int:
        """Of the last call."""

    def parse(self, model: Buffer) -> bool:
        """False on errors."""

    def get_error(self, index: int) -> ParserError:
        """By position."""


# Within the next class these names are its own members.
_ILogger = ILogger
_Runtime = Runtime
_Builder = Builder
_OnnxParser = OnnxParser


class TensorRt(Protocol):
    """The module ``tensorrt``."""

    __version__: str

    # Enumerations and a base class, which are used as values.
    @property
    def BuilderFlag(self) -> Any:
        """Enumeration."""

    @property
    def DataType(self) -> Any:
        """Enumeration."""

    @property
    def MemoryPoolType(self) -> Any:
        """Enumeration."""

    @property
    def NetworkDefinitionCreationFlag(self) -> Any:
        """Enumeration."""

    @property
    def TensorIOMode(self) -> Any:
        """Enumeration."""

    def ILogger(self) -> _ILogger:
        """Base class of loggers."""

    def Runtime(self, logger: _ILogger) -> _Runtime:
        """Loads plans; TypeError when the library cannot make one."""

    def Builder(self, logger: _ILogger) -> _Builder:
        """Makes plans; TypeError when the library cannot make one."""

    def OnnxParser(self, network: INetworkDefinition, logger: _ILogger) -> _OnnxParser:
        """Reads ONNX."""

    def init_libnvinfer_plugins(self, logger: _ILogger, namespace: str) -> bool:
        """Makes the operations known that TensorRT ships as plugins."""


class CudaRuntime(Protocol):
    """The module ``cuda.bindings.runtime``. Every function gives its error and then its results."""

    @property
    def cudaError_t(self) -> Any:
        """Enumeration."""

    @property
    def cudaMemcpyKind(self) -> Any:
        """Enumeration."""

    @property
    def cudaStreamCaptureMode(self) -> Any:
        """Enumeration."""

    @property
    def cudaHostAllocDefault(self) -> int:
        """Flag."""

    @property
    def cudaStreamNonBlocking(self) -> int:
        """Flag."""

    def cudaGetErrorString(self, error: Flag) -> tuple[Flag, bytes]:
        """In words."""

    def cudaDriverGetVersion(self) -> tuple[Flag, int]:
        """CUDA version that the driver serves, 0 without a driver."""

    def cudaRuntimeGetVersion(self) -> tuple[Flag, int]:
        """CUDA version of the bindings."""

    def cudaGetDeviceCount(self) -> tuple[Flag, int]:
        """GPUs."""

    def cudaSetDevice(self, device: int) -> tuple[Flag]:
        """For this thread."""

    def cudaGetDeviceProperties(self, device: int) -> tuple[Flag, Any]:
        """Name and so on."""

    def cudaMemGetInfo(self) -> tuple[Flag, int, int]:
        """Free and all bytes of the device."""

    def cudaMalloc(self, size: int) -> tuple[Flag, int]:
        """Device memory."""

    def cudaFree(self, devPtr: int) -> tuple[Flag]:
        """The reverse."""

    def cudaHostAlloc(self, size: int, flags: int) -> tuple[Flag, int]:
        """Pinned host memory."""

    def cudaFreeHost(self, ptr: int) -> tuple[Flag]:
        """The reverse."""

    def cudaMemcpyAsync(
        self, dst: int, src: int, count: int, kind: Flag, stream: Any
    ) -> tuple[Flag]:
        """Enqueue a copy."""

    def cudaStreamCreateWithFlags(self, flags: int) -> tuple[Flag, Any]:
        """A queue of work."""

    def cudaStreamSynchronize(self, stream: Any) -> tuple[Flag]:
        """Wait for it."""

    def cudaStreamDestroy(self, stream: Any) -> tuple[Flag]:
        """Once it is empty."""

    def cudaStreamBeginCapture(self, stream: Any, mode: Flag) -> tuple[Flag]:
        """Record instead of executing."""

    def cudaStreamEndCapture(self, stream: Any) -> tuple[Flag, Any]:
        """What was recorded."""

    def cudaGraphInstantiateWithFlags(self, graph: Any, flags: int) -> tuple[Flag, Any]:
        """Make a recording executable."""

    def cudaGraphDestroy(self, graph: Any) -> tuple[Flag]:
        """The recording."""

    def cudaGraphLaunch(self, graphExec: Any, stream: Any) -> tuple[Flag]:
        """Enqueue all that was recorded."""

    def cudaGraphExecDestroy(self, graphExec: Any) -> tuple[Flag]:
        """The executable."""
