"""Renders a scenario with several processes and writes the recording."""

from __future__ import annotations

import json
import multiprocessing
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2

from rgbt_perception.geometry.rig import rig_to_yaml
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.recording.writer import RecordingWriter
from rgbt_perception.sensing.encode import static_transform_message, string_message
from rgbt_perception.simulation.camera_station import CameraStation, Shot
from rgbt_perception.simulation.environment import Environment, draw_environment
from rgbt_perception.simulation.mounting import (
    BASE_FRAME,
    RGB_FRAME,
    THERMAL_FRAME,
    Mounting,
    draw_mounting,
)
from rgbt_perception.simulation.processes import one_thread_each
from rgbt_perception.simulation.rendering.tracer import import_mujoco
from rgbt_perception.simulation.scenario import Scenario, check_within
from rgbt_perception.simulation.scenes import compose_scene
from rgbt_perception.simulation.schedule import START_NS, Exposure, make_schedule
from rgbt_perception.simulation.sensors.thermal import draw_thermal_sensor
from rgbt_perception.simulation.shot_messages import MessageSink, write_shot

Progress = Callable[[int, int], None]
"""Called with the number of pictures done and in all."""

_station: CameraStation | None = None


def make_station(scenario: Scenario) -> CameraStation:
    """The cameras in the composed scene; the same for equal scenarios."""
    environment, mounting = surroundings(scenario)
    scene = compose_scene(
        scenario.scene.value, scenario.seed, scenario.light.dark, scenario.seconds
    )
    return CameraStation(scene, environment, mounting, scenario.seed)


def schedule_of(scenario: Scenario) -> list[Exposure]:
    """All pictures of a scenario in order of stamps."""
    sensor = draw_thermal_sensor(scenario.seed, scenario.thermal_size[0])
    return make_schedule(
        scenario.seed,
        scenario.seconds,
        scenario.rate,
        scenario.shutter,
        sensor.shutter_period_s,
    )


def record_scenario(
    scenario: Scenario, out: Path, jobs: int = 1, progress: Progress | None = None
) -> None:
    """Simulate a recording.

    Args:
        scenario: what to simulate.
        out: MCAP file to write; an interrupted one is finished and readable.
        jobs: processes that render; the file is the same whatever it is.
        progress: called after every picture.

    Raises:
        UsageError: ``jobs`` is below 1.
        RgbtError: MuJoCo is missing, or the file cannot be written.
    """
    check_within("jobs", jobs, 1, 1024)
    import_mujoco()
    environment, mounting = surroundings(scenario)
    exposures = schedule_of(scenario)
    factory = RosbagsFactory()
    with RecordingWriter(out) as writer, _shots(scenario, exposures, jobs) as shots:
        write_latched(writer, factory, scenario, environment, mounting)
        for done, shot in enumerate(shots, start=1):
            exposure = shot.exposure
            silent = any(d.covers(exposure.modality, exposure.time_s) for d in scenario.dropouts)
            write_shot(
                writer, factory, mounting.rig, shot, scenario.compressed, with_picture=not silent
            )
            if progress is not None:
                progress(done, len(exposures))


def surroundings(scenario: Scenario) -> tuple[Environment, Mounting]:
    """Light, air and rig of a scenario, without its scene."""
    return (
        draw_environment(scenario.light, scenario.weather, scenario.seed),
        draw_mounting(scenario.seed, scenario.rgb_size, scenario.thermal_size),
    )


def write_latched(
    writer: MessageSink,
    factory: RosbagsFactory,
    scenario: Scenario,
    environment: Environment,
    mounting: Mounting,
) -> None:
    """Transforms, rig file and a description of the scene, at time 0."""
    for frame, pose in (
        (RGB_FRAME, mounting.base_T_rgb),
        (THERMAL_FRAME, mounting.base_T_thermal),
    ):
        message = static_transform_message(factory, BASE_FRAME, frame, pose, START_NS)
        writer.write("/tf_static", message, "tf2_msgs/msg/TFMessage", START_NS, latched=True)
    climate, air = environment.climate, environment.air
    scene = {
        "scene": scenario.scene.value,
        "light": scenario.light.value,
        "weather": scenario.weather.value,
        "seed": scenario.seed,
        "air_kelvin": round(climate.air_kelvin, 2),
        "sky_kelvin": round(climate.sky_kelvin, 2),
        "wetness": round(climate.wetness, 3),
        "rgb_extinction_per_m": round(air.rgb_extinction, 5),
        "thermal_extinction_per_m": round(air.thermal_extinction, 5),
        "sun_direction": [round(v, 4) for v in environment.sky.sun_direction],
    }
    for topic, text in (
        ("/rig", rig_to_yaml(mounting.rig)),
        ("/ground_truth/scene", json.dumps(scene)),
    ):
        message = string_message(factory, text)
        writer.write(topic, message, "std_msgs/msg/String", START_NS, latched=True)


@contextmanager
def _shots(scenario: Scenario, exposures: list[Exposure], jobs: int) -> Iterator[Iterator[Shot]]:
    """Shots in the order of the exposures."""
    if jobs == 1 or len(exposures) == 1:
        station = make_station(scenario)
        yield (station.take(exposure) for exposure in exposures)
        return
    # Not fork: the caller may hold threads of torch or OpenCV.
    context = multiprocessing.get_context("spawn")
    workers = min(jobs, len(exposures))
    with one_thread_each(), context.Pool(workers, start_worker, (scenario,)) as pool:
        yield pool.imap(take, exposures, chunksize=1)


def start_worker(scenario: Scenario) -> None:
    """Make this process one that renders a scenario."""
    global _station
    # Ctrl-C is for the parent, which ends the pool.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    _station = make_station(scenario)


def take(exposure: Exposure) -> Shot:
    """Render one picture in a process that ``start_worker`` prepared."""
    if _station is None:
        raise RuntimeError("the worker has no scene")
    return _station.take(exposure)
