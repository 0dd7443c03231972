"""One step around the networks, and what it costs at least and in fact."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rgbt_perception.compiled import compiles, without_loops

FAR_FROM_BOUND = 3.0
"""Times the bound beyond which a note says why."""

_WARM_UP = 3


@dataclass(frozen=True)
class Kernel:
    """One step.

    Attributes:
        name: in a word.
        does: what it computes, with sizes.
        run: does it once.
        bytes_moved: of its inputs and results, each counted once: what cannot be saved.
        note: why it takes longer than that.
        compiled: whether it has a compiled loop.
    """

    name: str
    does: str
    run: Callable[[], Any]
    bytes_moved: int
    note: str
    compiled: bool = False


@dataclass(frozen=True)
class Figures:
    """What was measured.

    Attributes:
        kernel: which step.
        milliseconds: 10th, 50th and 90th percentile of its time.
        copy_ms: median time of a copy that moves as many bytes.
        plain_ms: median time without its compiled loop; None where it ran without, or has none.
    """

    kernel: Kernel
    milliseconds: tuple[float, float, float]
    copy_ms: float
    plain_ms: float | None = None

    @property
    def ratio(self) -> float:
        """Median time over that of the copy."""
        return self.milliseconds[1] / self.copy_ms

    @property
    def copy_gb_per_s(self) -> float:
        """Read and written by the copy, 10^9 bytes a second."""
        return self.kernel.bytes_moved / self.copy_ms / 1e6

    @property
    def note(self) -> str:
        """Why it is far from the bound; empty where it is not."""
        return self.kernel.note if self.ratio > FAR_FROM_BOUND else ""

    def as_json(self) -> dict[str, Any]:
        """One entry of the JSON file."""
        low, median, high = (round(value, 4) for value in self.milliseconds)
        return {
            "kernel": self.kernel.name,
            "does": self.kernel.does,
            "bytes_moved": self.kernel.bytes_moved,
            "ms": {"p10": low, "p50": median, "p90": high},
            "plain_ms": None if self.plain_ms is None else round(self.plain_ms, 4),
            "copy_ms": round(self.copy_ms, 4),
            "copy_gb_per_s": round(self.copy_gb_per_s, 2),
            "ratio": round(self.ratio, 2),
            "note": self.note,
        }


def measure(kernel: Kernel, repeats: int) -> Figures:
    """Time a kernel and, in turns with it, the same without compiled loops and a copy of its bytes.

    All find their data where the call before left it: in the processor's caches, as far as they
    reach.

    Args:
        kernel: on one thread.
        repeats: timed calls of each.
    """
    # A copy reads every byte and writes it.
    # Not zeros: the system gives one page for all that is only read, which stays in the cache.
    source = np.ones(max(1, kernel.bytes_moved // 2), np.uint8)
    target = np.empty_like(source)
    calls: list[Callable[[], Any]] = [kernel.run, lambda: _copy(source, target)]
    if kernel.compiled and compiles():
        calls.append(lambda: _run_plainly(kernel))
    taken: list[list[float]] = [[] for _ in calls]
    for index in range(_WARM_UP + repeats):
        for times, call in zip(taken, calls, strict=True):
            started = time.perf_counter()
            call()
            if index >= _WARM_UP:
                times.append((time.perf_counter() - started) * 1e3)
    low, median, high = (float(value) for value in np.percentile(taken[0], (10, 50, 90)))
    copy_ms, *plain_ms = (float(np.median(times)) for times in taken[1:])
    return Figures(kernel, (low, median, high), copy_ms, *plain_ms)


def _run_plainly(kernel: Kernel) -> None:
    with without_loops():
        kernel.run()


def _copy(source: npt.NDArray[np.uint8], target: npt.NDArray[np.uint8]) -> None:
    np.copyto(target, source)
