"""Writes a small source recording and the run that a replay of it would have left."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rgbt_perception.frames import Mode, Perception, Pinhole
from rgbt_perception.geometry.cloud import POINT
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.recording.writer import RecordingWriter
from rgbt_perception.sensing.encode import (
    compressed_depth_message,
    compressed_image_message,
    image_message,
    string_message,
)
from rgbt_perception.sensing.encode_cloud import cloud_message
from rgbt_perception.sensing.encode_status import status_message

START_NS = 1_700_000_000_000_000_000
PERIOD_NS = 100_000_000
OFFSET_NS = 7_000_000
FACTORY = RosbagsFactory()


@dataclass(frozen=True)
class Plan:
    """What to write.

    Attributes:
        factors: what each estimate is, as a multiple of the truth.
        truth_late_ns: how much later than its picture the truth is stamped.
        sky_m: depth that the fused estimate gives where the truth is unknown; None for unknown.
        unknown_rows: how many rows at the bottom each estimate leaves unknown.
        truth_every: of the truth only the columns 0, n, 2n, ... are known.
        stamps: thermal stamps, nanoseconds; evenly spread when empty.
        reasons: of every output, for its mode.
        further: also write a fused picture and coloured labels.
        labels: also write true labels and what a scene network would have left.
    """

    width: int = 40
    height: int = 32
    modes: Sequence[Mode] = (Mode.FULL,) * 6
    scene: dict[str, object] | None = field(
        default_factory=lambda: {"scene": "street", "light": "night", "weather": "smoke"}
    )
    truth: str | None = "raw"
    factors: dict[str, float] = field(
        default_factory=lambda: {"fused": 1.1, "rgb": 1.5, "thermal": 0.8, "ungated": 1.2}
    )
    unknown_rows: dict[str, int] = field(default_factory=dict)
    truth_late_ns: int = 0
    sky_m: float | None = None
    stamps: Sequence[int] = ()
    cloud: bool = False
    point: np.dtype = POINT
    output_scale: int = 1
    truth_every: int = 1
    reasons: Sequence[str] = ()
    further: bool = False
    labels: bool = False

    def stamp(self, i: int) -> int:
        return self.stamps[i] if self.stamps else START_NS + i * PERIOD_NS


def true_depth(plan: Plan, i: int) -> np.ndarray:
    """Ground that recedes, a wall, and a box that moves to the right."""
    rows, columns = np.mgrid[0 : plan.height, 0 : plan.width]
    below = (rows - 0.4 * plan.height) / plan.height
    depth = np.minimum(1.5 / np.maximum(below, 1e-3), 30.0)
    left = int((0.2 + 0.05 * i) * plan.width)
    box = (
        (columns >= left)
        & (columns < left + plan.width // 5)
        & (rows > 0.3 * plan.height)
        & (rows < 0.75 * plan.height)
    )
    depth = np.where(box, 4.0, depth)
    depth[: plan.height // 8] = np.nan
    return depth.astype(np.float32)


ROAD, BUILDING, VEGETATION, PERSON = 1, 3, 6, 8


def true_labels(plan: Plan, i: int) -> np.ndarray:
    """The box is a person, what is farthest a building, the rest road; the top has no label."""
    depth = true_depth(plan, i)
    labels = np.full(depth.shape, ROAD, np.uint8)
    labels[depth >= 30.0] = BUILDING
    labels[depth == 4.0] = PERSON
    labels[np.isnan(depth)] = 0
    return labels


def found_labels(plan: Plan, i: int, estimate: str) -> np.ndarray:
    """Both cameras: right. RGB sees no person, thermal takes buildings for vegetation."""
    labels = true_labels(plan, i)
    labels[labels == 0] = ROAD
    if estimate == "rgb":
        labels[labels == PERSON] = ROAD
    if estimate == "thermal":
        labels[labels == BUILDING] = VEGETATION
    return labels


def aligned_pictures(plan: Plan, i: int) -> dict[str, np.ndarray]:
    """Both sources, where RGB sees, and a fused picture, all in the thermal view."""
    random = np.random.default_rng(i)
    shape = (plan.height, plan.width)
    rgb, thermal = (random.integers(0, 256, shape, np.uint8) for _ in range(2))
    seen = np.full(shape, 255, np.uint8)
    seen[:, : plan.width // 4] = 0
    rgb[seen == 0] = 0
    fused = np.where(seen > 0, rgb // 2 + thermal // 2, thermal)
    return {
        "debug/aligned/rgb": np.repeat(rgb[..., None], 3, axis=2),
        "debug/aligned/rgb_seen": seen,
        "debug/aligned/thermal": thermal,
        "fused/image": np.repeat(fused[..., None], 3, axis=2),
    }


def write_run(folder: Path, plan: Plan | None = None) -> Path:
    """Write ``source.mcap`` and the run beside it; returns the run's folder."""
    plan = plan or Plan()
    run = folder / "run"
    _write_source(folder / "source.mcap", plan)
    with RecordingWriter(run / "perception.mcap") as writer:
        for i, mode in enumerate(plan.modes):
            _write_output(writer, plan, i, mode)
    modes = [mode.name for mode in plan.modes]
    info = {
        "source": str(folder / "source.mcap"),
        "reference": "thermal",
        "frames_in": {"rgb": len(modes), "thermal": len(modes)},
        "pairs": modes.count("FULL"),
        "outputs": len(modes),
        "dropped": {"rgb": 0, "thermal": 1},
        "modes": {name: modes.count(name) for name in dict.fromkeys(modes)},
        "latency_ms": {"sensing": {"p50": 2.0, "p99": 3.0}, "engine": {"p50": 40.0, "p99": 55.0}},
        "engine": "onnxruntime 1.0 <CPU>",
        "weights": {"confidence_depth": "0123456789abcdef" * 4},
    }
    (run / "run.json").write_text(json.dumps(info))
    return run


def _write_source(path: Path, plan: Plan) -> None:
    with RecordingWriter(path) as writer:
        first = plan.stamp(0) - OFFSET_NS
        if plan.scene is not None:
            message = string_message(FACTORY, json.dumps(plan.scene))
            writer.write("/ground_truth/scene", message, "std_msgs/msg/String", first, latched=True)
        log = first
        for i, mode in enumerate(plan.modes):
            log = max(log + 1, plan.stamp(i))
            _write_inputs(writer, plan, i, mode, log)


def _write_inputs(writer: RecordingWriter, plan: Plan, i: int, mode: Mode, log: int) -> None:
    depth = true_depth(plan, i)
    stamp = plan.stamp(i)
    near = np.nan_to_num(1.0 / depth)
    if mode is not Mode.THERMAL_ONLY:
        # Reddish where near, bluish where far: a swap of channels shows.
        color = np.stack([60 + 600 * near, np.full(near.shape, 90.0), 160 - 400 * near], -1)
        picture = np.clip(color, 0, 255).astype(np.uint8)
        message = compressed_image_message(
            FACTORY, picture, "jpeg", stamp - OFFSET_NS, "rgb_optical_frame"
        )
        topic = "/rgb/image/compressed"
        writer.write(topic, message, "sensor_msgs/msg/CompressedImage", log)
    if mode is not Mode.RGB_ONLY:
        counts = (28_000 + 8_000 * near).astype(np.uint16)
        message = image_message(FACTORY, counts, "mono16", stamp, "thermal_optical_frame")
        writer.write("/thermal/image", message, "sensor_msgs/msg/Image", log)
    if plan.labels:
        message = compressed_image_message(
            FACTORY, true_labels(plan, i), "png", stamp, "thermal_optical_frame"
        )
        topic = "/ground_truth/thermal/labels/image/compressed"
        writer.write(topic, message, "sensor_msgs/msg/CompressedImage", log)
    if plan.truth_every > 1:
        depth[:, np.arange(plan.width) % plan.truth_every != 0] = np.nan
    topic = "/ground_truth/thermal/depth/image"
    truth_stamp = stamp + plan.truth_late_ns
    if plan.truth == "raw":
        message = image_message(FACTORY, depth, "32FC1", truth_stamp, "thermal_optical_frame")
        writer.write(topic, message, "sensor_msgs/msg/Image", log)
    elif plan.truth == "compressed":
        message = compressed_depth_message(FACTORY, depth, truth_stamp, "thermal_optical_frame")
        topic += "/compressedDepth"
        writer.write(topic, message, "sensor_msgs/msg/CompressedImage", log)


def _write_output(writer: RecordingWriter, plan: Plan, i: int, mode: Mode) -> None:
    stamp = plan.stamp(i) - (OFFSET_NS if mode is Mode.RGB_ONLY else 0)
    log = START_NS + i * PERIOD_NS  # a host's clock never jumps back
    depth = true_depth(plan, i)[:: plan.output_scale, :: plan.output_scale]
    frame_id = "thermal_optical_frame"

    def write(name: str, picture: np.ndarray) -> None:
        message = image_message(FACTORY, picture.astype(np.float32), "32FC1", stamp, frame_id)
        writer.write(f"/perception/{name}", message, "sensor_msgs/msg/Image", log)

    topics = {"fused": "depth/image"}
    if mode not in (Mode.RGB_ONLY, Mode.THERMAL_ONLY):
        topics |= {name: f"debug/depth/{name}" for name in ("rgb", "thermal", "ungated")}
    for name, topic in topics.items():
        if name in plan.factors:
            estimate = depth * plan.factors[name]
            if name == "fused" and plan.sky_m is not None:
                estimate[np.isnan(depth)] = plan.sky_m
            estimate[plan.height - plan.unknown_rows.get(name, 0) :] = np.nan
            write(topic, estimate)
    confidence = np.clip(np.nan_to_num(3.0 / depth), 0.0, 1.0)
    write("confidence/image", confidence)
    single = mode in (Mode.RGB_ONLY, Mode.THERMAL_ONLY)
    if plan.further:
        for name, color in (("fused/image", (200, 40, 40)), ("semantic/colored", (40, 40, 200))):
            picture = np.full((*depth.shape, 3), color, np.uint8)
            message = image_message(FACTORY, picture, "rgb8", stamp, frame_id)
            writer.write(f"/perception/{name}", message, "sensor_msgs/msg/Image", log)
    if plan.labels:
        pictures = {"semantic/image": found_labels(plan, i, "fused")}
        if not single:
            for name in ("rgb", "thermal"):
                pictures[f"debug/semantic/{name}"] = found_labels(plan, i, name)
            pictures |= aligned_pictures(plan, i)
        for name, picture in pictures.items():
            encoding = "mono8" if picture.ndim == 2 else "rgb8"
            message = image_message(FACTORY, picture, encoding, stamp, frame_id)
            writer.write(f"/perception/{name}", message, "sensor_msgs/msg/Image", log)
    if plan.cloud:
        height, width = depth.shape
        focal = 0.9 * width
        perception = Perception(
            camera=Pinhole(width, height, focal, focal, (width - 1) / 2, (height - 1) / 2),
            stamp_ns=stamp,
            frame_id=frame_id,
            mode=mode,
            reasons=(),
            offset_ns=0,
            depth=depth,
            confidence=confidence.astype(np.float32),
            color=np.stack(
                [255 * confidence, np.full(depth.shape, 80.0), 255 - 255 * confidence], -1
            ).astype(np.uint8),
            temperature=np.float32(280) + 30 * confidence.astype(np.float32),
        )
        message = cloud_message(FACTORY, perception, 1, 0.0, point=plan.point)
        writer.write("/perception/points", message, "sensor_msgs/msg/PointCloud2", log)
    message = status_message(
        FACTORY,
        stamp_ns=stamp,
        frame_id=frame_id,
        mode=mode,
        reasons=plan.reasons,
        offset_ns=0 if single else OFFSET_NS,
        stages={"engine": 40.0},
        pairs=i + 1,
        dropped_rgb=0,
        dropped_thermal=0,
        rejected=0,
        mean_confidence=0.5,
        depth_model="confidence_depth",
        scene_model="",
        engine="onnxruntime",
    )
    writer.write("/perception/status", message, "rgbt_perception/msg/PerceptionStatus", log)
