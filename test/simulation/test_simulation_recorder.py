from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rgbt_perception.geometry.rig import rig_from_yaml
from rgbt_perception.recording.reader import RecordingReader
from rgbt_perception.sensing.decode import (
    color_picture,
    depth_picture,
    label_picture,
    stamp_of,
    thermal_picture,
)
from rgbt_perception.simulation.recorder import record_scenario
from rgbt_perception.simulation.scenario import Scenario

TINY: dict[str, Any] = {
    "scene": "street",
    "light": "dusk",
    "weather": "smoke",
    "seconds": 0.6,
    "rate": 5.0,
    "seed": 800042,
    "rgb_size": (64, 48),
    "thermal_size": (48, 40),
}
RAW_TOPICS = {
    "/rgb/image",
    "/rgb/camera_info",
    "/thermal/image",
    "/thermal/camera_info",
    "/tf_static",
    "/rig",
    "/ground_truth/rgb/depth/image",
    "/ground_truth/rgb/labels/image",
    "/ground_truth/thermal/depth/image",
    "/ground_truth/thermal/labels/image",
    "/ground_truth/scene",
}


def record(folder: Path, name: str = "a.mcap", jobs: int = 1, **changes: Any) -> Path:
    path = folder / name
    record_scenario(Scenario(**{**TINY, **changes}), path, jobs)
    return path


def read(path: Path) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    with RecordingReader(path) as reader:
        for message in reader.messages():
            found.setdefault(message.topic, []).append(message.value)
    return found


def test_a_recording_keeps_the_contract(tmp_path: Path) -> None:
    path = record(tmp_path)
    with RecordingReader(path) as reader:
        assert set(reader.topics) == RAW_TOPICS
        latched = {t for t, info in reader.topics.items() if info.latched}
        assert latched == {"/tf_static", "/rig", "/ground_truth/scene"}
        times = [m.time_ns for m in reader.messages()]
    assert times == sorted(times)
    messages = read(path)
    scene = json.loads(messages["/ground_truth/scene"][0].data)
    assert {k: scene[k] for k in ("scene", "light", "weather", "seed")} == {
        "scene": "street",
        "light": "dusk",
        "weather": "smoke",
        "seed": 800042,
    }
    rig = rig_from_yaml(messages["/rig"][0].data, "rig")
    assert rig.kelvin_per_count == 0.01
    transforms = [t for m in messages["/tf_static"] for t in m.transforms]
    assert {(t.header.frame_id, t.child_frame_id) for t in transforms} == {
        ("base_link", "rgb_optical_frame"),
        ("base_link", "thermal_optical_frame"),
    }
    for name, size in (("rgb", (48, 64)), ("thermal", (40, 48))):
        pictures = messages[f"/{name}/image"]
        assert len(pictures) == 3
        decode = color_picture if name == "rgb" else thermal_picture
        for i, picture in enumerate(pictures):
            assert decode(picture).shape[:2] == size
            for other in ("depth", "labels"):
                truth = messages[f"/ground_truth/{name}/{other}/image"][i]
                assert stamp_of(truth) == stamp_of(picture)
            assert stamp_of(messages[f"/{name}/camera_info"][i]) == stamp_of(picture)
            assert picture.header.frame_id == f"{name}_optical_frame"
    depth = depth_picture(messages["/ground_truth/thermal/depth/image"][0])
    assert np.nanmin(depth) > 0.05
    assert label_picture(messages["/ground_truth/rgb/labels/image"][0]).max() <= 14


def test_compressed_recordings_hold_the_same_pictures(tmp_path: Path) -> None:
    raw = read(record(tmp_path, "raw.mcap"))
    small = read(record(tmp_path, "small.mcap", compressed=True))
    assert "/rgb/image" not in small
    for i in range(3):
        counts = thermal_picture(raw["/thermal/image"][i])
        np.testing.assert_array_equal(
            thermal_picture(small["/thermal/image/compressed"][i]), counts
        )
        labels = label_picture(raw["/ground_truth/rgb/labels/image"][i])
        packed = small["/ground_truth/rgb/labels/image/compressed"][i]
        np.testing.assert_array_equal(label_picture(packed), labels)
        depth = depth_picture(raw["/ground_truth/rgb/depth/image"][i])
        packed = small["/ground_truth/rgb/depth/image/compressedDepth"][i]
        near = depth < 30
        np.testing.assert_allclose(depth_picture(packed)[near], depth[near], rtol=0.02)
        color = color_picture(raw["/rgb/image"][i]).astype(float)
        jpeg = color_picture(small["/rgb/image/compressed"][i])
        assert np.abs(jpeg - color).mean() < 12


def test_equal_seeds_give_equal_bytes_whatever_the_jobs(tmp_path: Path) -> None:
    alone = record(tmp_path, "alone.mcap").read_bytes()
    together = record(tmp_path, "together.mcap", jobs=2).read_bytes()
    assert alone == together
    assert record(tmp_path, "other.mcap", seed=800043).read_bytes() != alone


@pytest.mark.parametrize("shutter", [False, True])
def test_the_shutter_repeats_pictures_only_when_asked(tmp_path: Path, shutter: bool) -> None:
    path = record(tmp_path, seconds=1.3, rate=8.0, shutter=shutter, weather="clear")
    messages = read(path)
    pictures = [thermal_picture(m).tobytes() for m in messages["/thermal/image"]]
    repeats = sum(a == b for a, b in pairwise(pictures))
    stamps = [stamp_of(m) for m in messages["/thermal/image"]]
    assert len(set(stamps)) == len(stamps)
    assert (2 <= repeats <= 6) if shutter else repeats == 0


def test_an_interrupted_recording_is_readable(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    path = tmp_path / "cut.mcap"
    with pytest.raises(KeyboardInterrupt):
        record_scenario(Scenario(**TINY), path, 1, stop)
    messages = read(path)
    assert len(messages["/rgb/image"]) + len(messages["/thermal/image"]) == 3
    assert len(messages["/rig"]) == 1
