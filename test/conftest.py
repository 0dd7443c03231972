"""Recordings of a few small pictures, whole or damaged in one chosen way."""

from __future__ import annotations

import os

# Workers that run side by side share the cores: with threads for all cores each, they would wait
# for one another. Read when numpy and torch are loaded.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

from rgbt_perception.frames import Pinhole
from rgbt_perception.geometry.camera import CameraModel, make_camera_model
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.recording.writer import RecordingWriter
from rgbt_perception.sensing.encode import (
    camera_info_message,
    compressed_image_message,
    image_message,
    static_transform_message,
)

# How long an example takes says more about the machine than about the code.
settings.register_profile("any_machine", deadline=None)
settings.load_profile("any_machine")

# What a shell starts in the background ignores Ctrl-C, and so would every process started here.
if (
    signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    and threading.current_thread() is threading.main_thread()
):
    signal.signal(signal.SIGINT, signal.default_int_handler)

IMAGE = "sensor_msgs/msg/Image"
CAMERA_INFO = "sensor_msgs/msg/CameraInfo"
PERIOD_NS = 100_000_000
START_NS = 1_700_000_000_000_000_000


class RecordingMaker:
    """Writes recordings of ``count`` pairs at 10 Hz, thermal 4 ms after RGB.

    Each attribute damages the recording in one way when it is changed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.factory = RosbagsFactory()
        self.count = 5
        self.rgb_size = (64, 48)
        self.thermal_size = (40, 32)
        self.skip: Callable[[str, int], bool] = lambda camera, index: False
        self.infos = True
        self.extrinsics = True
        self.compressed = False
        self.names = {"rgb": "/rgb", "thermal": "/thermal"}
        self.edit: Callable[[str, int, Any], Any] = lambda topic, index, message: message

    def camera(self, name: str, size: tuple[int, int]) -> CameraModel:
        width, height = size
        focal = 0.8 * width
        k = [focal, 0, (width - 1) / 2, 0, focal, (height - 1) / 2, 0, 0, 1]
        return make_camera_model(
            name=name, width=width, height=height, k=k, frame_id=f"{name}_optical_frame"
        )

    def picture(self, name: str, index: int) -> np.ndarray:
        random = np.random.default_rng(index)
        width, height = self.rgb_size if name == "rgb" else self.thermal_size
        if name == "rgb":
            return random.integers(0, 256, (height, width, 3), np.uint8)
        return random.integers(29000, 30000, (height, width), np.uint16)

    def __call__(self, name: str = "recording.mcap") -> Path:
        path = self.folder / name
        factory = self.factory
        with RecordingWriter(path) as writer:
            if self.extrinsics:
                thermal_T_rgb = np.eye(4)
                thermal_T_rgb[0, 3] = 0.1
                tf = static_transform_message(
                    factory, "thermal_optical_frame", "rgb_optical_frame", thermal_T_rgb, START_NS
                )
                writer.write("/tf_static", tf, "tf2_msgs/msg/TFMessage", START_NS, latched=True)
            for index in range(self.count):
                for camera, delay in (("rgb", 0), ("thermal", 4_000_000)):
                    if self.skip(camera, index):
                        continue
                    self._write(writer, camera, index, START_NS + index * PERIOD_NS + delay)
        return path

    def _write(self, writer: RecordingWriter, name: str, index: int, stamp: int) -> None:
        factory, base, frame = self.factory, self.names[name], f"{name}_optical_frame"
        if self.infos:
            size = self.rgb_size if name == "rgb" else self.thermal_size
            info = camera_info_message(factory, self.camera(name, size), stamp, frame)
            info = self.edit(f"{name}/camera_info", index, info)
            writer.write(f"{base}/camera_info", info, CAMERA_INFO, stamp)
        picture = self.picture(name, index)
        if self.compressed:
            codec = "jpeg" if name == "rgb" else "png"
            message = compressed_image_message(factory, picture, codec, stamp, frame)
            message = self.edit(f"{name}/image", index, message)
            kind = "sensor_msgs/msg/CompressedImage"
            writer.write(f"{base}/image/compressed", message, kind, stamp)
            return
        encoding = "rgb8" if name == "rgb" else "mono16"
        message = image_message(factory, picture, encoding, stamp, frame)
        writer.write(f"{base}/image", self.edit(f"{name}/image", index, message), IMAGE, stamp)


@pytest.fixture
def recording_maker(tmp_path: Path) -> RecordingMaker:
    """Makes small recordings in the test's folder."""
    return RecordingMaker(tmp_path)


@pytest.fixture
def pinhole() -> Pinhole:
    """A small camera of 64 x 48 pixels."""
    return Pinhole(64, 48, 50.0, 52.0, 31.0, 24.5)
