"""What a competent colleague writes first: the same outputs in plain Python, NumPy and torch.

Every picture is copied out of its message and every result into one, undistortion maps and pixel
grids are made for every frame, the networks run in eager torch, and the cloud goes through rows of
numbers. It leaves out what takes more thought: edges are not sharpened when depth is enlarged,
hidden points are not looked for, the fused picture has the network's detail, hot parts have no
shoulder of their own. So it does less than the pipeline, and its results differ there.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
import torch
from torch.nn import functional as F

from rgbt_perception.config import Config
from rgbt_perception.evaluation.benchmark.inputs import Messages
from rgbt_perception.evaluation.benchmark.naive_messages import NaiveMessages, imgmsg_to_array
from rgbt_perception.evaluation.benchmark.naive_pictures import (
    Picture,
    enlarge,
    jumps,
    placed,
    shrink,
    undistort,
)
from rgbt_perception.evaluation.torch_engine import device_name, torch_device
from rgbt_perception.geometry.cloud import POINT
from rgbt_perception.geometry.rig import Rig
from rgbt_perception.models.confidence_depth import ConfidenceDepth, DeployedConfidenceDepth
from rgbt_perception.models.scene import DeployedScene, Scene
from rgbt_perception.scene.classes import COLOURS


class NaivePerception:
    """See ``Processor``."""

    def __init__(
        self,
        rig: Rig,
        depth: ConfidenceDepth,
        scene: Scene | None,
        network: tuple[int, int],
        rows: bool = True,
        weights: str = "",
    ) -> None:
        """Take the networks.

        Args:
            rig: both cameras; their rectified pinhole has the raw one's size.
            depth, scene: for inference; without the latter no fused picture and no labels.
            network: width and height of their pictures, pixels.
            rows: the cloud from rows of numbers; else from one structured array.
            weights: see ``Processor``.
        """
        self.device = torch_device()
        self.engine = f"torch {torch.__version__} eager ({device_name(self.device)})"
        self.network, self.weights = network, weights
        self.rig, self.config, self.rows = rig, Config(), rows
        self.depth = DeployedConfidenceDepth(depth).eval().to(self.device)
        self.scene = None if scene is None else DeployedScene(scene).eval().to(self.device)
        self.range: tuple[float, float] | None = None
        self.last_stamp = 0.0
        self.stages: dict[str, float] = {}
        self.lapped = 0.0

    def process(self, pair: Messages) -> Mapping[str, float]:
        """See ``Processor.process``."""
        started = time.perf_counter()
        self.callback(*pair)
        return {**self.stages, "total": (time.perf_counter() - started) * 1e3}

    def callback(self, rgb_message: Any, thermal_message: Any) -> dict[str, Any]:
        """Take a synchronised pair; the messages to publish, by topic."""
        self.stages, self.lapped = {}, time.perf_counter()
        rgb = imgmsg_to_array(rgb_message)
        counts = imgmsg_to_array(thermal_message)
        self.lap("decode")
        rgb, rgb_valid = undistort(rgb, self.rig.rgb)
        counts, thermal_valid = undistort(counts, self.rig.thermal)
        self.lap("undistort")
        kelvin = counts.astype(np.float32) * self.rig.kelvin_per_count + self.rig.kelvin_offset
        kelvin[~thermal_valid] = np.nan
        thermal = self.normalize(counts, thermal_message.header.stamp)
        self.lap("normalize")
        camera = self.rig.thermal.rectified
        depth, confidence = self.estimate_depth(rgb, rgb_valid, thermal, thermal_valid)
        color, seen = self.color_in_thermal_view(depth, rgb, rgb_valid)
        self.lap("project")
        make = NaiveMessages(thermal_message.header)
        messages = {
            "depth/image": make.image(depth, "32FC1"),
            "depth/camera_info": make.camera_info(camera),
            "confidence/image": make.image(confidence, "32FC1"),
        }
        labels = np.zeros(depth.shape, np.uint8)
        if self.scene is not None:
            fused, labels = self.fuse_and_segment(color, seen, thermal, thermal_valid)
            messages["fused/image"] = make.image(fused, "rgb8")
            messages["fused/camera_info"] = make.camera_info(camera)
            messages["semantic/image"] = make.image(labels, "mono8")
            messages["semantic/colored"] = make.image(COLOURS[labels], "rgb8")
            messages["semantic/camera_info"] = make.camera_info(camera)
        self.lap("messages")
        messages["points"] = self.cloud(make, depth, color, kelvin, confidence, labels)
        self.lap("cloud")
        return messages

    def normalize(self, counts: Picture, stamp: Any) -> Picture:
        """Percentiles of the picture, smoothed over time, become 0 and 1."""
        config = self.config.thermal
        percentiles = (config.percentile_low, config.percentile_high)
        low, high = (float(value) for value in np.percentile(counts, percentiles))
        now = stamp.sec + stamp.nanosec * 1e-9
        if self.range is not None:
            weight = 1 - np.exp((self.last_stamp - now) / config.smoothing_s)
            low = self.range[0] + weight * (low - self.range[0])
            high = self.range[1] + weight * (high - self.range[1])
        self.range, self.last_stamp = (low, high), now
        return np.clip((counts.astype(np.float32) - low) / (high - low), 0, 1)

    def estimate_depth(
        self, rgb: Picture, rgb_valid: Picture, thermal: Picture, thermal_valid: Picture
    ) -> tuple[Picture, Picture]:
        """Depth in metres, NaN where unknown, and confidence, both (H, W) float32."""
        rgb_small, rgb_K = shrink(rgb * rgb_valid[..., None], self.rig.rgb.rectified, self.network)
        warm, warm_K = shrink(thermal * thermal_valid, self.rig.thermal.rectified, self.network)
        rgb_mask, _ = shrink(rgb_valid.astype(np.float32), self.rig.rgb.rectified, self.network)
        warm_mask, _ = shrink(
            thermal_valid.astype(np.float32), self.rig.thermal.rectified, self.network
        )
        self.lap("shrink")
        rgb_mask, warm_mask = rgb_mask > 0.99, warm_mask > 0.99
        inputs = [
            self.tensor(rgb_small.transpose(2, 0, 1) / 255 * rgb_mask),
            self.tensor((warm * warm_mask)[None]),
            self.tensor(rgb_mask[None]),
            self.tensor(warm_mask[None]),
            self.tensor(rgb_K),
            self.tensor(warm_K),
            self.tensor(self.rig.thermal_T_rgb),
            torch.ones(1, device=self.device),
        ]
        with torch.no_grad():
            depth, confidence, _, _ = self.depth(*inputs)
        small = depth[0, 0].cpu().numpy()
        small_confidence = confidence[0, 0].cpu().numpy()
        self.lap("depth_engine")
        full = enlarge(small, self.rig.thermal.rectified, self.network)
        full_confidence = enlarge(small_confidence, self.rig.thermal.rectified, self.network)
        full[full <= 0] = np.nan
        full[full > self.config.output.max_depth_m] = np.inf
        full[full < self.config.output.min_depth_m] = -np.inf
        self.lap("enlarge")
        return full, full_confidence

    def color_in_thermal_view(
        self, depth: Picture, rgb: Picture, rgb_valid: Picture
    ) -> tuple[Picture, Picture]:
        """Look the points of all pixels up in the colour picture; (H, W, 3) and (H, W) bool."""
        here, there = self.rig.thermal.rectified, self.rig.rgb.rectified
        v, u = np.mgrid[: here.height, : here.width]
        z = np.where(depth == np.inf, 1e4, depth)
        x, y = (u - here.cx) / here.fx * z, (v - here.cy) / here.fy * z
        T = np.linalg.inv(self.rig.thermal_T_rgb)
        # By elements: after a product of matrices, BLAS' waiting threads would slow torch.
        x, y, z = (row[0] * x + row[1] * y + row[2] * z + row[3] for row in T[:3])
        with np.errstate(invalid="ignore", divide="ignore"):
            columns = (x / z * there.fx + there.cx).astype(np.float32)
            rows = (y / z * there.fy + there.cy).astype(np.float32)
            seen = (z > 0) & (columns >= 0) & (rows >= 0)
            seen &= (columns <= there.width - 1) & (rows <= there.height - 1)
        color = cv2.remap(rgb, columns, rows, cv2.INTER_LINEAR)
        seen &= cv2.remap(rgb_valid.astype(np.uint8), columns, rows, cv2.INTER_NEAREST) > 0
        color[~seen] = 0
        return color, seen

    def fuse_and_segment(
        self, color: Picture, seen: Picture, thermal: Picture, thermal_valid: Picture
    ) -> tuple[Picture, Picture]:
        """The fused picture, (H, W, 3) uint8, and the class ids, (H, W) uint8."""
        camera = self.rig.thermal.rectified
        rgb_mask, _ = shrink(seen.astype(np.float32), camera, self.network)
        warm_mask, _ = shrink(thermal_valid.astype(np.float32), camera, self.network)
        rgb_small, _ = shrink(color, camera, self.network)
        warm, _ = shrink(thermal * thermal_valid, camera, self.network)
        rgb_mask, warm_mask = rgb_mask > 0.5, warm_mask > 0.5
        inputs = [
            self.tensor(rgb_small.transpose(2, 0, 1) / 255 * rgb_mask),
            self.tensor(rgb_mask[None]),
            self.tensor((warm * warm_mask)[None]),
            self.tensor(warm_mask[None]),
        ]
        assert self.scene is not None
        with torch.no_grad():
            luminance, _, logits = self.scene(*inputs)
        grey = luminance[0, 0].cpu().numpy()
        self.lap("scene_engine")
        left, top, width, height = placed(camera, self.network)
        inner = logits[:, 1:, top : top + height, left : left + width]
        size = (camera.height, camera.width)
        scores = F.interpolate(inner, size=size, mode="bilinear", align_corners=False)
        labels = (scores[0].argmax(0) + 1).cpu().numpy().astype(np.uint8)
        known = seen | thermal_valid
        labels[~known] = 0
        self.lap("labels")
        fused = cv2.cvtColor(color, cv2.COLOR_RGB2YCrCb)
        full = enlarge(grey, camera, self.network)
        fused[..., 0] = np.clip(full * 255, 0, 255).astype(np.uint8)
        fused = cv2.cvtColor(fused, cv2.COLOR_YCrCb2RGB)
        fused[~known] = 0
        self.lap("fuse")
        return fused, labels

    def cloud(
        self,
        make: NaiveMessages,
        depth: Picture,
        color: Picture,
        kelvin: Picture,
        confidence: Picture,
        labels: Picture,
    ) -> Any:
        """The organised cloud: one point a pixel, NaN where depth is unknown or jumps."""
        camera = self.rig.thermal.rectified
        v, u = np.mgrid[: camera.height, : camera.width]
        z = depth.copy()
        z[~np.isfinite(z)] = np.nan
        z[jumps(z, self.config.output.edge_threshold)] = np.nan
        r, g, b = (color[..., channel].astype(np.uint32) for channel in range(3))
        columns = {
            "x": (u - camera.cx) / camera.fx * z,
            "y": (v - camera.cy) / camera.fy * z,
            "z": z,
            "rgb": (r << 16 | g << 8 | b).view(np.float32),
            "temperature": kelvin,
            "confidence": confidence,
            "label": labels,
        }
        if self.rows:
            rows = np.stack([values.ravel() for values in columns.values()], axis=-1).tolist()
            return make.cloud_from_rows(rows, camera.height, camera.width)
        records = np.zeros(z.size, POINT)
        for name, values in columns.items():
            records[name] = values.ravel()
        return make.cloud(records, camera.height, camera.width)

    def tensor(self, values: Picture) -> torch.Tensor:
        """With a batch axis, float32."""
        return torch.from_numpy(values[None].astype(np.float32)).to(self.device)

    def lap(self, name: str) -> None:
        """Note the time since the last stage."""
        now = time.perf_counter()
        self.stages[name] = self.stages.get(name, 0.0) + (now - self.lapped) * 1e3
        self.lapped = now
