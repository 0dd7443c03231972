"""Where tensors lie: on the GPU and, where they cross over, in pinned memory of the host."""

from __future__ import annotations

import math
import weakref
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rgbt_perception.engines.tensorrt.cuda import Cuda, Stream
from rgbt_perception.errors import RgbtError

# By name, as not every version has every type; TensorRT 8.6's own table fails beside NumPy 1.24.
_TYPES: dict[str, type[np.generic]] = {
    "FLOAT": np.float32,
    "HALF": np.float16,
    "INT8": np.int8,
    "UINT8": np.uint8,
    "INT32": np.int32,
    "INT64": np.int64,
    "BOOL": np.bool_,
}


def numpy_type(name: str, tensor: str) -> np.dtype[Any]:
    """NumPy's type of a TensorRT element type, by its name.

    Raises:
        RgbtError: it has none; the line names the tensor.
    """
    if name not in _TYPES:
        raise RgbtError(
            f"engine tensorrt: {tensor} has the element type {name}, "
            f"expected one of {', '.join(_TYPES)}"
        )
    return np.dtype(_TYPES[name])


class DeviceMemory:
    """Bytes on the GPU, freed with the object.

    Attributes:
        address: on the GPU.
    """

    def __init__(self, cuda: Cuda, size: int) -> None:
        """Allocate.

        Raises:
            RgbtError: there is not so much left.
        """
        answer = cuda.runtime.cudaMalloc(size)
        self.address: int = cuda.checked(answer, f"allocate {size} bytes of its memory")
        weakref.finalize(self, cuda.runtime.cudaFree, self.address)


class PinnedMemory:
    """Host memory that the GPU reads and writes by itself; freed when no array looks at it.

    Attributes:
        address: on the host.
    """

    def __init__(self, cuda: Cuda, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        """Allocate.

        Raises:
            RgbtError: there is not so much left.
        """
        size = math.prod(shape) * dtype.itemsize
        answer = cuda.runtime.cudaHostAlloc(size, cuda.runtime.cudaHostAllocDefault)
        self.address: int = cuda.checked(answer, f"allocate {size} bytes of pinned host memory")
        weakref.finalize(self, cuda.runtime.cudaFreeHost, self.address)
        # NumPy's way to look at memory; an array made of this object keeps it alive.
        self.__array_interface__ = {
            "version": 3,
            "shape": shape,
            "typestr": dtype.str,
            "data": (self.address, False),
        }


@dataclass(frozen=True)
class DeviceTensor:
    """A tensor that stays on the GPU, for another engine to read.

    Attributes:
        memory: where it lies; kept alive by whoever holds this.
        shape: sizes.
        dtype: of the elements.
        stream: in whose order it is written, and must be read.
    """

    memory: DeviceMemory
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    stream: Stream


def pinned_zeros(cuda: Cuda, shape: tuple[int, ...], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """An array in pinned memory; where it is an input it is uploaded from where it lies.

    Raises:
        RgbtError: there is not enough memory.
    """
    array = np.asarray(PinnedMemory(cuda, shape, dtype))
    array[...] = 0
    return array


class Tensor:
    """An input or output of an engine.

    Attributes:
        name: in the network.
        on_device: where it lies on the GPU.
    """

    def __init__(
        self, cuda: Cuda, stream: Stream, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> None:
        """Allocate its place on the GPU.

        Raises:
            RgbtError: there is not enough memory.
        """
        self.name = name
        self._size = math.prod(shape) * dtype.itemsize
        self.on_device = DeviceTensor(DeviceMemory(cuda, self._size), shape, dtype, stream)
        self._cuda = cuda
        self._host: npt.NDArray[Any] | None = None

    @property
    def host(self) -> npt.NDArray[Any]:
        """Its pinned twin on the host, made when first asked for."""
        if self._host is None:
            self._host = pinned_zeros(self._cuda, self.on_device.shape, self.on_device.dtype)
        return self._host

    def stage(self, values: npt.NDArray[Any]) -> int:
        """Have values in pinned memory: where they are, if they are, else in the twin.

        Returns:
            Address to upload from.

        Raises:
            RgbtError: of another shape.
        """
        tensor = self.on_device
        if values.shape != tensor.shape:
            raise RgbtError(
                f"input {self.name}: has the shape {list(values.shape)}, "
                f"expected {list(tensor.shape)}"
            )
        # Of the array itself: a view of it has the array for its base.
        memory = values.base
        if isinstance(memory, PinnedMemory) and values.dtype == tensor.dtype:
            return memory.address
        host = self.host
        np.copyto(host, values)
        return _address(host)

    def upload(self, address: int) -> None:
        """Enqueue the copy from pinned memory."""
        device = self.on_device
        device.stream.to_device(device.memory.address, address, self._size)

    def download(self) -> None:
        """Enqueue the copy to the pinned twin."""
        device = self.on_device
        device.stream.to_host(_address(self.host), device.memory.address, self._size)


def _address(array: npt.NDArray[Any]) -> int:
    memory = array.base
    assert isinstance(memory, PinnedMemory)
    return memory.address
