"""What a run costs beside time, and the machine that it ran on."""

from __future__ import annotations

import platform
import resource
import sys
import time
from dataclasses import dataclass

from rgbt_perception.engines.cpu import cores
from rgbt_perception.hosting.gpu_memory import GpuMemory


def machine() -> str:
    """Processor, cores, Python and system, in words."""
    model = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            names = [line.partition(":")[2].strip() for line in lines if "model name" in line]
        model = names[0] if names else model
    except OSError:
        pass  # not Linux
    return f"{model}, {cores()} cores, Python {platform.python_version()}, {platform.system()}"


def rss_mb() -> float:
    """Largest resident memory of this process so far."""
    try:
        with open("/proc/self/status", encoding="ascii") as lines:
            # In KiB. What getrusage says begins with what the process that started this one had.
            return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    except (OSError, StopIteration):
        pass  # not Linux
    # Linux counts in KiB, macOS in bytes.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak / 1024


def gpu_memory() -> str:
    """Used of all memory of each GPU, MB, whoever uses it; empty without one."""
    return GpuMemory().values().get("gpu_memory_mb", "")


@dataclass(frozen=True)
class Effort:
    """Wall time and processor time of all threads, seconds."""

    wall_s: float
    cpu_s: float

    def __add__(self, other: Effort) -> Effort:
        return Effort(self.wall_s + other.wall_s, self.cpu_s + other.cpu_s)

    @property
    def busy_cores(self) -> float:
        """How many cores were busy on average."""
        return self.cpu_s / self.wall_s if self.wall_s > 0 else 0.0


class Meter:
    """Measures the effort since it was made."""

    def __init__(self) -> None:
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def effort(self) -> Effort:
        """Since the start."""
        return Effort(time.perf_counter() - self._wall, time.process_time() - self._cpu)
