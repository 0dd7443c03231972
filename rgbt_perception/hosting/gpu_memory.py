"""How full the memory of NVIDIA GPUs is, by the driver's own library (NVML)."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

_LIBRARY = "libnvidia-ml.so.1"


class _Memory(ctypes.Structure):
    """nvmlMemory_t: bytes."""

    _fields_ = (
        ("total", ctypes.c_ulonglong),
        ("free", ctypes.c_ulonglong),
        ("used", ctypes.c_ulonglong),
    )


class GpuMemory:
    """Asks the driver; says nothing where there is no driver, no GPU or no such number."""

    def __init__(self, load: Callable[[str], Any] = ctypes.CDLL) -> None:
        """Find the GPUs.

        Args:
            load: opens a shared library by its name; raises OSError where it is missing.
        """
        self._library: Any = None
        self._devices: list[ctypes.c_void_p] = []
        try:
            library = load(_LIBRARY)
        except OSError:
            return
        count = ctypes.c_uint()
        # All of NVML's functions return 0 for success.
        if library.nvmlInit_v2() or library.nvmlDeviceGetCount_v2(ctypes.byref(count)):
            return
        self._library = library
        for index in range(count.value):
            device = ctypes.c_void_p()
            if not library.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(device)):
                self._devices.append(device)

    def values(self) -> dict[str, str]:
        """For diagnostics: ``gpu_memory_mb`` as ``used of total`` of each GPU; or nothing."""
        texts = []
        for device in self._devices:
            memory = _Memory()
            if not self._library.nvmlDeviceGetMemoryInfo(device, ctypes.byref(memory)):
                texts.append(f"{memory.used / 1e6:.0f} of {memory.total / 1e6:.0f}")
        return {"gpu_memory_mb": ", ".join(texts)} if texts else {}
