"""Makes a small folder in the layout of the MS2 data set: a road, a wall, lidar points."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

SEQUENCE = "_2021-08-13-22-03-03"  # of the test_night split
FIRST_NS = 1_628_859_783_123_456_789
PERIOD_NS = 100_000_000
RGB_SIZE, THERMAL_SIZE = (96, 48), (64, 32)
_FOLDERS = {"raw": "depth", "filtered": "depth_filtered"}


def calibration() -> dict[str, np.ndarray]:
    """As ``calib.npy``: millimetres, both cameras relative to the near-infrared one."""
    turn, _ = cv2.Rodrigues(np.array([0.0, 0.05, 0.0]))
    return {
        "K_rgbL": np.array([[80.0, 0, 47.5], [0, 80.0, 20.0], [0, 0, 1]]),
        "K_thrL": np.array([[56.0, 0, 31.0], [0, 56.0, 14.0], [0, 0, 1]]),
        "R_nir2rgb": turn,
        "T_nir2rgb": np.array([[-200.0], [10.0], [0.0]]),
        "R_nir2thr": np.eye(3),
        "T_nir2thr": np.array([[150.0], [20.0], [-30.0]]),
    }


@dataclass
class TinyMs2:
    """Writes sequences; every attribute changes what is written."""

    folder: Path
    frames: int = 4
    share: float = 0.3
    stamps: bool = True
    calibration: dict[str, np.ndarray] = field(default_factory=calibration)

    def __call__(self, sequence: str = SEQUENCE) -> Path:
        """Write one sequence; returns the data set's folder."""
        sync, projected = (
            self.folder / "sync_data" / sequence,
            self.folder / "proj_depth" / sequence,
        )
        for camera in ("rgb", "thr"):
            (sync / camera / "img_left").mkdir(parents=True)
            for name in _FOLDERS.values():
                (projected / camera / name).mkdir(parents=True)
            if self.stamps:
                # The colour pictures are 13 ms late, as free-running cameras are.
                late = 13_000_000 if camera == "rgb" else 0
                lines = [f"{FIRST_NS + i * PERIOD_NS + late}\n" for i in range(self.frames)]
                (sync / camera / "img_left_timestamp.txt").write_text("".join(lines))
        np.save(sync / "calib.npy", self.calibration, allow_pickle=True)  # type: ignore[arg-type]
        for index in range(self.frames):
            for camera in ("rgb", "thr"):
                name = f"{index:06d}.png"
                picture = self.picture(camera, index)
                cv2.imwrite(str(sync / camera / "img_left" / name), picture)
                for truth, folder in _FOLDERS.items():
                    steps = self.steps(camera, index, truth)
                    cv2.imwrite(str(projected / camera / folder / name), steps)
        return self.folder

    def picture(self, camera: str, index: int) -> np.ndarray:
        """As stored: colour in B G R order, or 16-bit counts."""
        near = 1.0 / self.depth(camera, index)
        random = np.random.default_rng((index, camera == "rgb"))
        if camera == "thr":
            counts = 3200 + 4000 * near + random.integers(0, 30, near.shape)
            return counts.astype(np.uint16)
        color = np.stack([200 * near, 90 + 400 * near, 250 - 500 * near], axis=-1)
        return np.clip(color + random.integers(0, 9, color.shape), 0, 255).astype(np.uint8)

    def depth(self, camera: str, index: int) -> np.ndarray:
        """Metres, dense."""
        key, (width, height) = ("K_rgbL", RGB_SIZE) if camera == "rgb" else ("K_thrL", THERMAL_SIZE)
        K = self.calibration[key]
        rows = np.arange(height)[:, None]
        slope = np.maximum((rows - K[1, 2]) / K[1, 1], 1e-3)
        return np.broadcast_to(np.minimum(1.6 / slope, 20.0 + index), (height, width))

    def steps(self, camera: str, index: int, truth: str) -> np.ndarray:
        """Stored truth, metres times 256 at some points, 0 elsewhere; raw has twice the points."""
        depth = self.depth(camera, index)
        share = self.share * (2 if truth == "raw" else 1)
        known = np.random.default_rng((index, 7)).random(depth.shape) < share
        return np.where(known, np.rint(depth * 256), 0).astype(np.uint16)
