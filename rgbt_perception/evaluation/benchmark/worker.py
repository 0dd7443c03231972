"""A process for each contestant: none shares memory, threads or a warm cache with another."""

from __future__ import annotations

import multiprocessing
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from rgbt_perception.closing import Closing
from rgbt_perception.errors import RgbtError
from rgbt_perception.evaluation.benchmark.contestant import Contestant
from rgbt_perception.evaluation.benchmark.inputs import PairSource
from rgbt_perception.evaluation.benchmark.load import Load, highest_rate
from rgbt_perception.evaluation.benchmark.making import make_processor
from rgbt_perception.evaluation.benchmark.pipeline_processor import PipelineProcessor
from rgbt_perception.evaluation.benchmark.resources import Effort, Meter, gpu_memory, rss_mb

WARM_UP = 5
_UNTIMED = 1
_END_S = 5.0


@dataclass(frozen=True)
class Ready:
    """Of a contestant that can begin: see ``Processor``."""

    engine: str
    network: tuple[int, int]
    weights: str


@dataclass(frozen=True)
class Turn:
    """Some pairs, one after the other.

    Attributes:
        stages: of each pair, milliseconds by stage and ``total``.
        effort: of all of them.
        rss_mb: largest resident memory of the process so far.
        gpu_memory_mb: see ``gpu_memory``.
    """

    stages: list[Mapping[str, float]]
    effort: Effort
    rss_mb: float
    gpu_memory_mb: str


class Worker(Closing):
    """One contestant in a process of its own; a context manager that ends the process.

    Attributes:
        contestant: who it is.
        ready: what ``wait`` found.
    """

    def __init__(self, contestant: Contestant) -> None:
        """Start the process; ``wait`` for it."""
        self.contestant = contestant
        self.ready: Ready | None = None
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(contestant, theirs), daemon=True)
        self._process.start()
        theirs.close()

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join(_END_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()

    def wait(self) -> Ready:
        """Wait until it has loaded everything and processed its first pairs.

        Raises:
            RgbtError: it cannot take part; the line says why.
        """
        self.ready = self._answer()
        assert isinstance(self.ready, Ready)
        return self.ready

    def turn(self, pairs: int) -> Turn:
        """Let it process pairs, one after the other, after one that is not timed."""
        self._pipe.send(("turn", pairs))
        turn = self._answer()
        assert isinstance(turn, Turn)
        return turn

    def load(self, pairs: int, expected_ms: float) -> Load:
        """Let it find the highest rate that it keeps up with; see ``highest_rate``."""
        self._pipe.send(("load", pairs, expected_ms))
        load = self._answer()
        assert isinstance(load, Load)
        return load

    def _answer(self) -> Any:
        name = self.contestant.kind.value
        try:
            answer = self._pipe.recv()
        except (EOFError, OSError):
            self._process.join(_END_S)
            raise RgbtError(
                f"{name}: its process ended (exit code {self._process.exitcode})"
            ) from None
        if isinstance(answer, str):
            raise RgbtError(answer)
        return answer


def _serve(contestant: Contestant, pipe: Connection) -> None:
    """The process' life: as long as the other end is open."""
    try:
        processor = make_processor(contestant)
        source = PairSource(contestant.sizes)
        index = 0
        for _ in range(WARM_UP):
            processor.process(source.pair(index))
            index += 1
        pipe.send(Ready(processor.engine, processor.network, processor.weights))
        while True:
            match pipe.recv():
                case ("turn", int(pairs)):
                    for _ in range(_UNTIMED):
                        processor.process(source.pair(index))
                        index += 1
                    meter, stages = Meter(), []
                    for _ in range(pairs):
                        stages.append(processor.process(source.pair(index)))
                        index += 1
                        if len(stages[-1]) < 2:
                            raise RgbtError(f"{contestant.kind.value}: a pair gave no result")
                    pipe.send(Turn(stages, meter.effort(), rss_mb(), gpu_memory()))
                case ("load", int(pairs), float(expected_ms)):
                    assert isinstance(processor, PipelineProcessor), "others have no session"
                    pipe.send(highest_rate(processor, source, pairs, expected_ms))
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return
    except RgbtError as error:
        pipe.send(str(error))
    except Exception as error:  # of whatever a peer is made of: the run goes on without it
        pipe.send(" ".join(f"{type(error).__name__}: {error}".split())[:300])
