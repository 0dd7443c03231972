"""What the simulated rig of a ROS graph is, as parameters."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from rgbt_perception.errors import UsageError
from rgbt_perception.parameter import parameter
from rgbt_perception.recording.streaming import Timed, recorded_stream
from rgbt_perception.resources import share
from rgbt_perception.simulation.conditions import Light, SceneName, Weather
from rgbt_perception.simulation.dropout import parse_dropout
from rgbt_perception.simulation.scenario import Scenario

SAMPLE = "samples/night_smoke.mcap"


class Source(str, Enum):
    """Where the pictures come from."""

    RECORDING = "recording"
    RENDERING = "rendering"


@dataclass(frozen=True)
class SimulatorSettings:
    """The one list of the simulator's parameters."""

    source: Source = parameter(
        Source.RECORDING, "play a recording, or render a scene (needs MuJoCo)", read_only=True
    )
    loop: bool = parameter(True, "begin anew at the end", read_only=True)
    speed: float = parameter(
        1.0, "seconds of the source in a second", low=0.01, high=100.0, read_only=True
    )
    frame_prefix: str = parameter(
        "", "put before every frame, e.g. front/ for the rig in namespace front", read_only=True
    )
    recording: str = parameter(
        "", "recording: file or folder; empty = the shipped sample", read_only=True
    )
    scene: SceneName = parameter(SceneName.STREET, "rendering: what is there", read_only=True)
    light: Light = parameter(Light.NIGHT, "rendering: time of the day", read_only=True)
    weather: Weather = parameter(Weather.CLEAR, "rendering: what is in the air", read_only=True)
    seed: int = parameter(
        0, "rendering: of everything random", low=0, high=2**31 - 1, read_only=True
    )
    seconds: float = parameter(
        20.0, "rendering: length of the scene", unit="s", low=0.1, high=3600.0, read_only=True
    )
    rate: float = parameter(
        5.0, "rendering: of both cameras", unit="Hz", low=0.1, high=25.0, read_only=True
    )
    rgb_size: str = parameter("640x480", "rendering: width x height", unit="px", read_only=True)
    thermal_size: str = parameter("320x256", "rendering: width x height", unit="px", read_only=True)
    compressed: bool = parameter(
        False, "rendering: JPEG, PNG and compressedDepth instead of raw pictures", read_only=True
    )
    shutter: bool = parameter(
        False, "rendering: the thermal picture freezes now and then", read_only=True
    )
    dropout: str = parameter(
        "", "rendering: a camera is silent, e.g. rgb:2.5-3.5 (seconds)", read_only=True
    )
    jobs: int = parameter(1, "rendering: processes", low=1, high=256, read_only=True)

    def stream(
        self,
        stopped: threading.Event,
        usable: Callable[[str, str], bool] = lambda topic, type_name: True,
    ) -> Iterator[Timed]:
        """The messages.

        Args:
            stopped: ends the stream at once, also while it waits for a picture.
            usable: whether a topic (name, type) of a recording can be published.

        Raises:
            UsageError: a parameter is not of its form.
            InputError: the recording cannot be read.
            RgbtError: MuJoCo is missing, or a rendering process died.
        """
        if self.source is Source.RECORDING:
            path = Path(self.recording) if self.recording else share(SAMPLE)
            return recorded_stream(path, self.loop, usable)
        # Only here: playing a recording needs no simulator.
        from rgbt_perception.simulation.live_rig import live_rig

        scenario = Scenario(
            self.scene,
            self.light,
            self.weather,
            self.seconds,
            self.rate,
            self.seed,
            _size("rgb_size", self.rgb_size),
            _size("thermal_size", self.thermal_size),
            self.compressed,
            self.shutter,
            (parse_dropout(self.dropout),) if self.dropout else (),
        )
        return live_rig(scenario, self.jobs, self.loop, stopped)


def _size(name: str, text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    if match is None:
        raise UsageError(f"{name} is {text!r}, expected WIDTHxHEIGHT such as 640x480")
    return int(match[1]), int(match[2])
