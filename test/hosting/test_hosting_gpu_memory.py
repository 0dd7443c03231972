"""GPU memory where there is a driver, nothing where there is none."""

from __future__ import annotations

import ctypes

import pytest

from rgbt_perception.hosting.gpu_memory import GpuMemory


class Driver:
    """Two GPUs, as NVML shows them; the second one does not tell its memory."""

    def __init__(self, fails=()):
        self.fails = fails

    def nvmlInit_v2(self):
        return int("init" in self.fails)

    def nvmlDeviceGetCount_v2(self, count):
        count._obj.value = 2
        return int("count" in self.fails)

    def nvmlDeviceGetHandleByIndex_v2(self, index, device):
        device._obj.value = index + 100
        return int(index == 1 and "handle" in self.fails)

    def nvmlDeviceGetMemoryInfo(self, device, memory):
        memory._obj.total, memory._obj.used = 8_000_000_000, 1_234_000_000
        return int(device.value == 101)


def no_library(name):
    raise OSError(name)


def test_used_of_total():
    assert GpuMemory(lambda name: Driver()).values() == {"gpu_memory_mb": "1234 of 8000"}
    assert GpuMemory(lambda name: Driver(("handle",))).values() == {"gpu_memory_mb": "1234 of 8000"}


@pytest.mark.parametrize("fails", ["init", "count"])
def test_nothing_without_a_driver_that_works(fails):
    assert GpuMemory(no_library).values() == {}
    assert GpuMemory(lambda name: Driver((fails,))).values() == {}


def test_the_real_driver_or_none():
    try:
        ctypes.CDLL("libnvidia-ml.so.1")
    except OSError:
        assert GpuMemory().values() == {}
    else:
        used, total = GpuMemory().values()["gpu_memory_mb"].split(",")[0].split(" of ")
        assert 0 <= float(used) <= float(total)
