"""A simulated rig as an endless stream, rendered a little ahead by other processes."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from rgbt_perception.errors import RgbtError
from rgbt_perception.recording.streaming import Timed
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.simulation.camera_station import Shot
from rgbt_perception.simulation.processes import one_thread_each
from rgbt_perception.simulation.recorder import (
    schedule_of,
    start_worker,
    surroundings,
    take,
    write_latched,
)
from rgbt_perception.simulation.rendering.tracer import import_mujoco
from rgbt_perception.simulation.scenario import Scenario, check_within
from rgbt_perception.simulation.schedule import START_NS, Exposure
from rgbt_perception.simulation.shot_messages import write_shot


class _Collector:
    """Takes messages in the place of a recording."""

    def __init__(self, begin_ns: int) -> None:
        self._begin_ns = begin_ns
        self.messages: list[Timed] = []

    def write(
        self, topic: str, message: Any, type_name: str, time_ns: int, latched: bool = False
    ) -> None:
        due_ns = self._begin_ns + time_ns - START_NS
        self.messages.append(Timed(due_ns, time_ns, topic, type_name, message, latched))


def live_rig(
    scenario: Scenario, jobs: int, loop: bool, stopped: threading.Event
) -> Iterator[Timed]:
    """The messages of a scenario as they are rendered; with ``loop`` it begins anew at its end.

    The pictures of both cameras come together, so that rendering that is too slow for the rate
    delays pairs and does not tear them apart. Closing the generator ends the processes.

    Args:
        scenario: what to simulate.
        jobs: processes that render.
        loop: never end.
        stopped: ends the stream at once, also while it waits for a picture.

    Raises:
        UsageError: ``jobs`` is below 1.
        RgbtError: MuJoCo is missing, or a rendering process died.
    """
    check_within("jobs", jobs, 1, 1024)
    import_mujoco()
    exposures = schedule_of(scenario)
    pairs = list(zip(exposures[::2], exposures[1::2], strict=True))
    environment, mounting = surroundings(scenario)
    factory = RosbagsFactory()
    latched = _Collector(0)
    write_latched(latched, factory, scenario, environment, mounting)
    yield from latched.messages
    lap_ns = round(len(pairs) / scenario.rate * 1e9)
    for number, shots in enumerate(_rendered(scenario, pairs, jobs, loop, stopped)):
        stream = _Collector(number // len(pairs) * lap_ns)
        for shot in shots:
            exposure = shot.exposure
            silent = any(d.covers(exposure.modality, exposure.time_s) for d in scenario.dropouts)
            write_shot(
                stream, factory, mounting.rig, shot, scenario.compressed, with_picture=not silent
            )
        yield from stream.messages


def _rendered(
    scenario: Scenario,
    pairs: list[tuple[Exposure, Exposure]],
    jobs: int,
    loop: bool,
    stopped: threading.Event,
) -> Iterator[list[Shot]]:
    """Both shots of every moment in order; at most two moments a process are rendered ahead."""
    # Not fork: the caller holds threads.
    context = multiprocessing.get_context("spawn")
    # The processes end when this end is closed: by us, or by the system if we are killed.
    held, watched = context.Pipe(duplex=False)[::-1]
    waiting: deque[list[Future[Shot]]] = deque()
    with one_thread_each():
        executor = ProcessPoolExecutor(jobs, context, _start, (scenario, watched))
        try:
            index = 0
            while loop or index < len(pairs) or waiting:
                while (loop or index < len(pairs)) and len(waiting) < 2 * jobs:
                    pair = pairs[index % len(pairs)]
                    waiting.append([executor.submit(take, exposure) for exposure in pair])
                    index += 1
                shots = [_result(future, stopped) for future in waiting.popleft()]
                if stopped.is_set():
                    return
                yield [shot for shot in shots if shot is not None]
        except RuntimeError as error:  # a broken pool is one
            raise RgbtError(f"a rendering process ended: {error}") from None
        finally:
            executor.shutdown(wait=False, cancel_futures=True)
            held.close()
            watched.close()


def _result(future: Future[Shot], stopped: threading.Event) -> Shot | None:
    """The shot when it is rendered; None when nobody waits for it any more."""
    while not stopped.is_set():
        with suppress(NotYet):
            return future.result(timeout=0.1)
    return None


def _start(scenario: Scenario, watched: Connection) -> None:
    """Prepare a process, and end it with the stream however that one ends."""
    threading.Thread(target=_end_with, args=(watched,), daemon=True).start()
    start_worker(scenario)


def _end_with(watched: Connection) -> None:
    watched.poll(None)
    os._exit(0)
