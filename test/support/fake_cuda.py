"""A GPU that is not there: NVIDIA's bindings as far as they are used, over host memory.

Work is queued and executed when a stream is waited for, so that results that are read too early,
memory that is freed too early and copies beyond a buffer's end show up.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from enum import IntEnum
from types import SimpleNamespace


class Error(IntEnum):
    cudaSuccess = 0
    cudaErrorInvalidValue = 1
    cudaErrorMemoryAllocation = 2
    cudaErrorInsufficientDriver = 35
    cudaErrorNoDevice = 100
    cudaErrorSystemNotReady = 802
    cudaErrorStreamCaptureUnsupported = 900
    cudaErrorStreamCaptureInvalidated = 901


class MemcpyKind(IntEnum):
    cudaMemcpyHostToHost = 0
    cudaMemcpyHostToDevice = 1
    cudaMemcpyDeviceToHost = 2


class CaptureMode(IntEnum):
    cudaStreamCaptureModeGlobal = 0
    cudaStreamCaptureModeThreadLocal = 1


class FakeStream:
    def __init__(self, handle: int) -> None:
        self.handle = handle
        self.queue: list[Callable[[], None]] = []
        self.recording: list[Callable[[], None]] | None = None
        self.broken = False

    def __int__(self) -> int:
        return self.handle


class FakeCuda:
    """``cuda.bindings.runtime``; ``calls`` counts what was called."""

    cudaError_t = Error
    cudaMemcpyKind = MemcpyKind
    cudaStreamCaptureMode = CaptureMode
    cudaHostAllocDefault = 0
    cudaStreamNonBlocking = 1

    def __init__(
        self,
        devices: int = 1,
        driver: int = 12060,
        fault: Error = Error.cudaSuccess,
        room: int = 1 << 30,
        records: bool = True,
        begins: bool = True,
    ) -> None:
        self.devices, self.driver, self.fault, self.records = devices, driver, fault, records
        self.begins = begins
        self.total = self.free = room
        self.device: dict[int, ctypes.Array] = {}
        self.pinned: dict[int, ctypes.Array] = {}
        self.streams: dict[int, FakeStream] = {}
        self.calls: dict[str, int] = {}
        self.graphs = 0

    def __getattribute__(self, name: str):
        if name.startswith("cuda") and name[4:5].isupper():
            calls = object.__getattribute__(self, "calls")
            calls[name] = calls.get(name, 0) + 1
        return object.__getattribute__(self, name)

    # The device

    def cudaGetErrorString(self, error):
        return Error.cudaSuccess, {2: b"out of memory"}.get(int(error), Error(error).name.encode())

    def cudaDriverGetVersion(self):
        return Error.cudaSuccess, self.driver

    def cudaRuntimeGetVersion(self):
        return Error.cudaSuccess, 12090

    def cudaGetDeviceCount(self):
        if self.fault:
            return self.fault, None
        if self.driver < 12000:
            return Error.cudaErrorInsufficientDriver, None
        return (Error.cudaSuccess, self.devices) if self.devices else (Error.cudaErrorNoDevice, 0)

    def cudaSetDevice(self, device):
        return (Error.cudaSuccess if device < self.devices else Error.cudaErrorInvalidValue,)

    def cudaGetDeviceProperties(self, device):
        return Error.cudaSuccess, SimpleNamespace(name=b"Fake GPU", major=8, minor=7)

    def cudaMemGetInfo(self):
        return Error.cudaSuccess, self.free, self.total

    # Memory

    def cudaMalloc(self, size):
        return self._allocate(size, self.device)

    def cudaFree(self, devPtr):
        self.free += ctypes.sizeof(self.device.pop(devPtr))
        return (Error.cudaSuccess,)

    def cudaHostAlloc(self, size, flags):
        return self._allocate(size, self.pinned)

    def cudaFreeHost(self, ptr):
        self.free += ctypes.sizeof(self.pinned.pop(ptr))
        return (Error.cudaSuccess,)

    def _allocate(self, size, where):
        for stream in self.streams.values():
            if stream.recording is not None:
                stream.broken = True
                return Error.cudaErrorStreamCaptureUnsupported, None
        if size > self.free:
            return Error.cudaErrorMemoryAllocation, None
        self.free -= size
        memory = (ctypes.c_byte * size)()
        # What was there before is not zero.
        ctypes.memset(memory, 0xA5, size)
        where[ctypes.addressof(memory)] = memory
        return Error.cudaSuccess, ctypes.addressof(memory)

    def bytes_at(self, address: int, size: int) -> ctypes.Array:
        """Device memory of at least this size; a wild address would be a fault of the GPU."""
        memory = self.device[address]
        assert ctypes.sizeof(memory) >= size, "beyond the end of a buffer"
        return memory

    # Streams

    def cudaStreamCreateWithFlags(self, flags):
        assert flags == self.cudaStreamNonBlocking
        stream = FakeStream(1000 + len(self.streams))
        self.streams[stream.handle] = stream
        return Error.cudaSuccess, stream

    def cudaStreamDestroy(self, stream):
        del self.streams[int(stream)]
        return (Error.cudaSuccess,)

    def enqueue(self, handle: int, work: Callable[[], None]) -> None:
        stream = self.streams[handle]
        (stream.queue if stream.recording is None else stream.recording).append(work)

    def cudaMemcpyAsync(self, dst, src, count, kind, stream):
        to, source = self.pinned, self.device
        if kind is MemcpyKind.cudaMemcpyHostToDevice:
            to, source = source, to
        if dst not in to or src not in source:
            return (Error.cudaErrorInvalidValue,)
        if count > min(ctypes.sizeof(to[dst]), ctypes.sizeof(source[src])):
            return (Error.cudaErrorInvalidValue,)
        self.enqueue(int(stream), lambda: ctypes.memmove(to[dst], source[src], count))
        return (Error.cudaSuccess,)

    def cudaStreamSynchronize(self, stream):
        if stream.recording is not None:
            stream.broken = True
            return (Error.cudaErrorStreamCaptureUnsupported,)
        while stream.queue:
            stream.queue.pop(0)()
        return (Error.cudaSuccess,)

    def cudaStreamBeginCapture(self, stream, mode):
        assert mode is CaptureMode.cudaStreamCaptureModeThreadLocal
        assert stream.recording is None
        if not self.begins:
            return (Error.cudaErrorStreamCaptureUnsupported,)
        stream.recording, stream.broken = [], not self.records
        return (Error.cudaSuccess,)

    def cudaStreamEndCapture(self, stream):
        recording, stream.recording = stream.recording, None
        if stream.broken or recording is None:
            return Error.cudaErrorStreamCaptureInvalidated, None
        self.graphs += 1
        return Error.cudaSuccess, recording

    def cudaGraphInstantiateWithFlags(self, graph, flags):
        self.graphs += 1
        return Error.cudaSuccess, list(graph)

    def cudaGraphDestroy(self, graph):
        self.graphs -= 1
        return (Error.cudaSuccess,)

    def cudaGraphLaunch(self, graphExec, stream):
        for work in graphExec:
            self.enqueue(int(stream), work)
        return (Error.cudaSuccess,)

    def cudaGraphExecDestroy(self, graphExec):
        self.graphs -= 1
        return (Error.cudaSuccess,)
