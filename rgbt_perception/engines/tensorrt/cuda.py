"""The GPU, its memory and its streams; a call that fails is one line."""

from __future__ import annotations

import ctypes
import importlib
import weakref
from typing import Any, cast

from rgbt_perception.engines.optional_package import is_missing
from rgbt_perception.engines.plan_builder import NoRoomError
from rgbt_perception.engines.tensorrt.protocols import CudaRuntime
from rgbt_perception.errors import RgbtError

# Where the bindings of CUDA 11 and early 12 have it.
_MODULES = ("cuda.bindings.runtime", "cuda.cudart")
_DEVICE = 0
_NO_DRIVER = "GPU: no NVIDIA driver is installed"


def load_cuda() -> CudaRuntime:
    """Import NVIDIA's bindings.

    Raises:
        RgbtError: they are missing or cannot be loaded.
    """
    for name in _MODULES:
        try:
            return cast(CudaRuntime, importlib.import_module(name))
        except (ImportError, OSError, RuntimeError) as error:
            if isinstance(error, ModuleNotFoundError) and is_missing(error, name):
                continue
            reason = " ".join(str(error).split())
            raise RgbtError(f"engine tensorrt: cuda-bindings cannot be loaded ({reason})") from None
    if not has_driver():
        raise RgbtError(_NO_DRIVER)
    raise RgbtError(
        "engine tensorrt: cuda-bindings is not installed; expected "
        "`pip install 'rgbt_perception[gpu]'`"
    )


def has_driver() -> bool:
    """Whether NVIDIA's driver can be loaded, which is there with or without bindings."""
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True


class Cuda:
    """The first GPU.

    Attributes:
        gpu: its name as the driver gives it.
        compute_capability: e.g. ``8.7``.
        runtime: the bindings.
    """

    def __init__(self, runtime: CudaRuntime | None = None) -> None:
        """Make sure that there is a GPU, and take it.

        Args:
            runtime: the bindings; imported when not given.

        Raises:
            RgbtError: bindings, driver or GPU are missing or do not fit.
        """
        self.runtime = load_cuda() if runtime is None else runtime
        self._success = self.runtime.cudaError_t.cudaSuccess
        self._require_gpu()
        self.use()
        properties = self.checked(self.runtime.cudaGetDeviceProperties(_DEVICE), "tell what it is")
        self.gpu: str = properties.name.decode(errors="replace").rstrip("\0")
        self.compute_capability = f"{properties.major}.{properties.minor}"

    def use(self) -> None:
        """Make the GPU that of the calling thread."""
        self.checked(self.runtime.cudaSetDevice(_DEVICE), "be used")

    def memory(self) -> tuple[int, int]:
        """Free and all bytes of the GPU."""
        free, total = self.checked(self.runtime.cudaMemGetInfo(), "tell its memory")
        return free, total

    def checked(self, answer: tuple[Any, ...], what: str) -> Any:
        """What a function of the bindings gives, without its error.

        Args:
            answer: the error, then the results.
            what: was tried, for the error's line.

        Raises:
            NoRoomError: the memory does not suffice.
            RgbtError: the function reports another error.
        """
        error, *results = answer
        if error != self._success:
            _, text = self.runtime.cudaGetErrorString(error)
            full = error == self.runtime.cudaError_t.cudaErrorMemoryAllocation
            kind = NoRoomError if full else RgbtError
            raise kind(f"GPU: cannot {what} ({text.decode(errors='replace')})")
        return results[0] if len(results) == 1 else tuple(results)

    def _require_gpu(self) -> None:
        error, count = self.runtime.cudaGetDeviceCount()
        if error == self._success and count:
            return
        _, driver = self.runtime.cudaDriverGetVersion()
        _, needed = self.runtime.cudaRuntimeGetVersion()
        if not driver:
            raise RgbtError(_NO_DRIVER)
        if error == self.runtime.cudaError_t.cudaErrorInsufficientDriver:
            raise RgbtError(
                f"GPU: the driver serves CUDA {_dotted(driver)}, cuda-bindings needs "
                f"{_dotted(needed)}; expected a newer driver or older cuda-bindings"
            )
        if error in (self._success, self.runtime.cudaError_t.cudaErrorNoDevice):
            raise RgbtError("GPU: none found by the NVIDIA driver")
        _, text = self.runtime.cudaGetErrorString(error)
        raise RgbtError(f"GPU: cannot be used ({text.decode(errors='replace')})")


class Stream:
    """A queue of work on the GPU that waits for no other; destroyed with the object."""

    def __init__(self, cuda: Cuda) -> None:
        """Make an empty one."""
        self._cuda = cuda
        self._runtime = runtime = cuda.runtime
        self.handle: Any = cuda.checked(
            runtime.cudaStreamCreateWithFlags(runtime.cudaStreamNonBlocking), "make a stream"
        )
        weakref.finalize(self, runtime.cudaStreamDestroy, self.handle)

    def to_device(self, device: int, host: int, size: int) -> None:
        """Enqueue a copy of so many bytes from pinned memory."""
        self._copy(device, host, size, self._runtime.cudaMemcpyKind.cudaMemcpyHostToDevice)

    def to_host(self, host: int, device: int, size: int) -> None:
        """Enqueue a copy of so many bytes into pinned memory."""
        self._copy(host, device, size, self._runtime.cudaMemcpyKind.cudaMemcpyDeviceToHost)

    def wait(self) -> None:
        """Until all that was enqueued is done.

        Raises:
            RgbtError: some of it failed.
        """
        self._cuda.checked(
            self._runtime.cudaStreamSynchronize(self.handle), "do what was asked of it"
        )

    def begin_recording(self) -> None:
        """Record what this thread enqueues from now on, instead of executing it."""
        mode = self._runtime.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        self._cuda.checked(
            self._runtime.cudaStreamBeginCapture(self.handle, mode), "record its work"
        )

    def end_recording(self) -> Recording:
        """What was recorded.

        Raises:
            RgbtError: something in it cannot be recorded.
        """
        runtime, checked = self._runtime, self._cuda.checked
        graph = checked(runtime.cudaStreamEndCapture(self.handle), "record its work")
        try:
            instance = runtime.cudaGraphInstantiateWithFlags(graph, 0)
            handle = checked(instance, "prepare recorded work")
        finally:
            runtime.cudaGraphDestroy(graph)
        return Recording(self._cuda, handle)

    def launch(self, recording: Recording) -> None:
        """Enqueue all that was recorded."""
        self._cuda.checked(
            self._runtime.cudaGraphLaunch(recording.handle, self.handle), "launch recorded work"
        )

    def _copy(self, to: int, source: int, size: int, kind: Any) -> None:
        self._cuda.checked(
            self._runtime.cudaMemcpyAsync(to, source, size, kind, self.handle), "copy"
        )


class Recording:
    """A CUDA graph, ready to be launched; destroyed with the object."""

    def __init__(self, cuda: Cuda, handle: Any) -> None:
        """Own an executable graph."""
        self.handle = handle
        weakref.finalize(self, cuda.runtime.cudaGraphExecDestroy, handle)


def _dotted(version: int) -> str:
    """12040 -> 12.4."""
    return f"{version // 1000}.{version % 1000 // 10}"
