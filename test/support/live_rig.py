"""Two small cameras around a session, and an engine that can be slowed down or broken."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection

import numpy as np

from rgbt_perception.config import Config
from rgbt_perception.engines.depth_exchange import OUTPUTS, input_shapes
from rgbt_perception.engines.engine import Tensors
from rgbt_perception.frames import Mode
from rgbt_perception.geometry.camera import make_camera_model
from rgbt_perception.outputs import TOPICS, Output
from rgbt_perception.pipeline import DepthPipeline
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.sensing.encode import (
    camera_info_message,
    image_message,
    static_transform_message,
)
from rgbt_perception.session import Session, Stream

MS = 1_000_000
START = 1_700_000_000_000 * MS
SIZES = {"rgb": (64, 48), "thermal": (40, 32)}
FACTORY = RosbagsFactory()


class TrialEngine:
    """A wall at 5 m.

    Attributes:
        delay_s: how long a run takes.
        fault: raised by the next runs, while it is set.
        runs: so far.
        threads: that called it.
    """

    name, model, digest = "trial", "wall", "0" * 64
    outputs = OUTPUTS

    def __init__(self, delay_s: float = 0.0) -> None:
        self.metadata: dict[str, str] = {}
        self.inputs = input_shapes(32, 32)
        self.delay_s = delay_s
        self.fault: Exception | None = None
        self.runs = 0
        self.threads: set[int] = set()

    def run(self, inputs: Tensors, outputs: Collection[str]) -> Tensors:
        self.runs += 1
        self.threads.add(threading.get_ident())
        if self.delay_s:
            time.sleep(self.delay_s)
        if self.fault is not None:
            raise self.fault
        return {name: np.full((1, 1, 32, 32), 5.0, np.float32) for name in outputs}


def info(name: str, stamp_ns: int = START):
    """A CameraInfo."""
    width, height = SIZES[name]
    k = [0.8 * width, 0, (width - 1) / 2, 0, 0.8 * width, (height - 1) / 2, 0, 0, 1]
    camera = make_camera_model(
        name=name, width=width, height=height, k=k, frame_id=f"{name}_optical_frame"
    )
    return camera_info_message(FACTORY, camera, stamp_ns, f"{name}_optical_frame")


def transforms(parent: str = "thermal_optical_frame", child: str = "rgb_optical_frame"):
    """A TFMessage."""
    matrix = np.eye(4)
    matrix[0, 3] = 0.1
    return static_transform_message(FACTORY, parent, child, matrix, START)


def picture(name: str, ms: float, encoding: str | None = None):
    """An Image stamped ``ms`` after the start; no two are alike."""
    width, height = SIZES[name]
    random = np.random.default_rng(abs(int(ms * 1000)))
    if name == "rgb":
        array = random.integers(0, 256, (height, width, 3), np.uint8)
    else:
        array = random.integers(29000, 30000, (height, width), np.uint16)
    plain = "rgb8" if name == "rgb" else "mono16"
    stamp_ns = START + round(ms * MS)
    message = image_message(FACTORY, array, plain, stamp_ns, f"{name}_optical_frame")
    if encoding is not None:
        message.encoding = encoding
    return message


IMAGE_STREAMS = {"rgb": Stream.RGB_IMAGE, "thermal": Stream.THERMAL_IMAGE}
INFO_STREAMS = {"rgb": Stream.RGB_INFO, "thermal": Stream.THERMAL_INFO}


class Published:
    """Takes what a runner publishes; any thread."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._outputs: list[Output] = []
        self.fault: Exception | None = None

    def __call__(self, outputs: list[Output]) -> None:
        if self.fault is not None:
            raise self.fault
        with self._lock:
            self._outputs += outputs
            self._lock.notify_all()

    @property
    def outputs(self) -> list[Output]:
        with self._lock:
            return list(self._outputs)

    def of(self, topic: str) -> list[Output]:
        return [output for output in self.outputs if output.topic == topic]

    def modes(self) -> list[Mode]:
        return [Mode(output.message.mode) for output in self.of("status")]

    def depths(self) -> list[int]:
        """Stamps of the depth pictures, milliseconds after the start."""
        return [round((output.stamp_ns - START) / MS) for output in self.of("depth/image")]

    def wait(self, condition, seconds: float = 5.0) -> None:
        """Until it holds; fails when it does not within the time."""
        with self._lock:
            assert self._lock.wait_for(lambda: condition(), seconds), "waited in vain"


def make_session(config: Config | None = None, engine: TrialEngine | None = None, select=None):
    """A session with everything but pictures, and its engine."""
    config = config or Config()
    engine = engine or TrialEngine()
    topics = TOPICS.keys() - {"points", "debug/depth/rgb", "debug/depth/thermal"}
    topics -= {"debug/depth/ungated"}
    session = Session(
        config,
        DepthPipeline(config.output, engine),
        FACTORY,
        select=select or (lambda index: topics),
    )
    return session, engine
