"""Small recordings with truth and an engine whose errors are known, for the accuracy suite."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from rgbt_perception.engines.depth_exchange import OUTPUTS, input_shapes
from rgbt_perception.geometry.camera import make_camera_model
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.recording.writer import RecordingWriter
from rgbt_perception.sensing.encode import (
    camera_info_message,
    image_message,
    static_transform_message,
    string_message,
)

WIDTH, HEIGHT = 40, 32
TRUTH_M = 10.0
START_NS = 1_700_000_000_000_000_000
OFFSET_NS = 4_000_000
BASELINE_M = 0.1


def true_depth(known_rows: int = 24) -> np.ndarray:
    """10 m, a row beyond the range of both scenes, and the sky above."""
    depth = np.full((HEIGHT, WIDTH), TRUTH_M, np.float32)
    depth[: HEIGHT - known_rows] = np.nan
    depth[HEIGHT - known_rows] = 200.0
    return depth


def write_recording(
    path: Path,
    scene: tuple[str, str, str] = ("street", "day", "fog"),
    pairs: int = 3,
    period_ms: int = 1000,
    truth: bool = True,
    labels: np.ndarray | None = None,
) -> Path:
    """Pair ``i`` has an RGB picture of the value ``10 * i`` and a thermal ramp.

    ``labels`` are the true ones of every pair.
    """
    factory = RosbagsFactory()
    with RecordingWriter(path) as writer:
        names = dict(zip(("scene", "light", "weather"), scene, strict=True))
        message = string_message(factory, json.dumps(names))
        writer.write("/ground_truth/scene", message, "std_msgs/msg/String", START_NS, latched=True)
        thermal_T_rgb = np.eye(4)
        thermal_T_rgb[0, 3] = BASELINE_M
        tf = static_transform_message(
            factory, "thermal_optical_frame", "rgb_optical_frame", thermal_T_rgb, START_NS
        )
        writer.write("/tf_static", tf, "tf2_msgs/msg/TFMessage", START_NS, latched=True)
        for index in range(pairs):
            rgb_ns = START_NS + index * period_ms * 1_000_000
            color = np.full((HEIGHT, WIDTH, 3), 10 * index, np.uint8)
            _write(writer, factory, "rgb", color, rgb_ns)
            ramp = np.arange(WIDTH, dtype=np.uint16)[None] * 20 + 29_000 + index
            counts = np.repeat(ramp, HEIGHT, axis=0)
            _write(writer, factory, "thermal", counts, rgb_ns + OFFSET_NS)
            if truth:
                depth = true_depth()
                stamp = rgb_ns + OFFSET_NS
                message = image_message(factory, depth, "32FC1", stamp, "thermal_optical_frame")
                topic = "/ground_truth/thermal/depth/image"
                writer.write(topic, message, "sensor_msgs/msg/Image", stamp)
            if labels is not None:
                stamp = rgb_ns + OFFSET_NS
                message = image_message(factory, labels, "mono8", stamp, "thermal_optical_frame")
                topic = "/ground_truth/thermal/labels/image"
                writer.write(topic, message, "sensor_msgs/msg/Image", stamp)
    return path


def _write(
    writer: RecordingWriter, factory: RosbagsFactory, name: str, picture: np.ndarray, stamp: int
) -> None:
    frame = f"{name}_optical_frame"
    k = [32.0, 0, (WIDTH - 1) / 2, 0, 32.0, (HEIGHT - 1) / 2, 0, 0, 1]
    camera = make_camera_model(name=name, width=WIDTH, height=HEIGHT, k=k, frame_id=frame)
    info = camera_info_message(factory, camera, stamp, frame)
    writer.write(f"/{name}/camera_info", info, "sensor_msgs/msg/CameraInfo", stamp)
    encoding = "rgb8" if name == "rgb" else "mono16"
    message = image_message(factory, picture, encoding, stamp, frame)
    writer.write(f"/{name}/image", message, "sensor_msgs/msg/Image", stamp)


class KnownErrors:
    """An engine that is wrong by known amounts; the truth is 10 m.

    rgb 14 m, thermal 12 m, ungated 11.5 m; fused 11 m on the left half, where the confidence is
    0.5, and 10 m on the right half (0.9). Without RGB 12.5 m, without thermal 13 m. The fused depth
    is 1 m more for each 10 cm that the baseline is off, and farther by a tenth of the RGB value.
    """

    name, model, digest = "known errors", "known_errors", "0" * 64
    outputs = OUTPUTS
    metadata: Mapping[str, str] = {}

    def __init__(self) -> None:
        self.inputs = input_shapes(HEIGHT, WIDTH)

    def run(
        self, inputs: Mapping[str, np.ndarray], outputs: Collection[str]
    ) -> dict[str, np.ndarray]:
        shape = (1, 1, HEIGHT, WIDTH)
        left = np.broadcast_to(np.arange(WIDTH) < WIDTH // 2, shape)
        if not inputs["rgb_mask"].any():
            fused = np.full(shape, 12.5)
        elif not inputs["thermal_mask"].any():
            fused = np.full(shape, 13.0)
        elif not inputs["gate"][0]:
            fused = np.full(shape, 11.5)
        else:
            moved = inputs["thermal_T_rgb"][0, :3, 3] - np.array([BASELINE_M, 0, 0])
            fused = np.where(left, 11.0, 10.0) + 10.0 * np.linalg.norm(moved)
            fused = fused + float(inputs["rgb"].mean()) * 255 / 10
        values = {
            "depth": fused,
            "confidence": np.where(left, 0.5, 0.9),
            "depth_rgb": np.full(shape, 14.0),
            "depth_thermal": np.full(shape, 12.0),
        }
        return {name: values[name].astype(np.float32) for name in outputs}
