import json
from dataclasses import dataclass, replace

import numpy as np
import pytest

pytest.importorskip("torch")

from rgbt_perception.errors import InputError
from rgbt_perception.frames import Pinhole
from rgbt_perception.geometry.camera import CameraModel
from rgbt_perception.geometry.rig import Rig, rig_to_yaml
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.recording.writer import RecordingWriter
from rgbt_perception.sensing.encode import (
    camera_info_message,
    compressed_depth_message,
    compressed_image_message,
    image_message,
    static_transform_message,
    string_message,
)
from rgbt_perception.training.pair_cache import SKY, cache_recording, open_cached

START_NS = 1_700_000_000_000_000_000
PERIOD_NS = 100_000_000
IMAGE, COMPRESSED = "sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"


@dataclass(frozen=True)
class Plan:
    pairs: int = 3
    compressed: bool = False
    leave_out: tuple[str, ...] = ()
    thermal_delay_ns: int = 7_000_000
    frozen: bool = False
    points: bool = False
    distortion: tuple[float, ...] = ()
    rgb: Pinhole = Pinhole(64, 48, 50.0, 50.0, 31.5, 23.5)
    thermal: Pinhole = Pinhole(40, 32, 40.0, 40.0, 19.5, 15.5)


def _write(path, plan: Plan):
    factory = RosbagsFactory()
    identity = np.eye(3)
    cameras = {
        "rgb": CameraModel(plan.rgb, "plumb_bob", plan.distortion, identity, plan.rgb, "rgb_o"),
        "thermal": CameraModel(plan.thermal, "plumb_bob", (), identity, plan.thermal, "thermal_o"),
    }
    pose = np.eye(4)
    pose[0, 3] = 0.1

    with RecordingWriter(path) as writer:

        def write(topic, message, kind, stamp, latched=False):
            if topic not in plan.leave_out:
                writer.write(topic, message, kind, stamp, latched=latched)

        transform = static_transform_message(factory, "thermal_o", "rgb_o", pose, START_NS)
        write("/tf_static", transform, "tf2_msgs/msg/TFMessage", START_NS, True)
        text = rig_to_yaml(Rig(cameras["rgb"], cameras["thermal"], pose, 0.01, 0.0))
        write("/rig", string_message(factory, text), "std_msgs/msg/String", START_NS, True)
        scene = json.dumps({"scene": "street", "light": "dusk", "weather": "rain", "seed": 4})
        scene = string_message(factory, scene)
        write("/ground_truth/scene", scene, "std_msgs/msg/String", START_NS, True)
        for index in range(plan.pairs):
            for name, camera in cameras.items():
                stamp = START_NS + index * PERIOD_NS
                stamp += plan.thermal_delay_ns if name == "thermal" else 0
                _write_camera(write, factory, name, camera, index, stamp, plan)


def _write_camera(write, factory, name, camera, index, stamp, plan):
    raw = camera.raw
    shown = 0 if plan.frozen else index
    if name == "rgb":
        picture = np.full((raw.height, raw.width, 3), 40 * (shown + 1), np.uint8)
        encoding, codec = "rgb8", "png"
    else:
        picture = np.full((raw.height, raw.width), 29000 + shown, np.uint16)
        encoding, codec = "mono16", "png"
    depth = np.full((raw.height, raw.width), 5.0 + index, np.float32)
    depth[:4] = np.nan
    if plan.points:
        known = np.zeros(depth.shape, bool)
        known[1::2, ::2] = True
        depth[~known] = np.nan
    labels = np.zeros(depth.shape, np.uint8)
    labels[:2] = SKY
    frame = camera.frame_id
    info = camera_info_message(factory, camera, stamp, frame)
    write(f"/{name}/camera_info", info, "sensor_msgs/msg/CameraInfo", stamp)
    truth = f"/ground_truth/{name}"
    if plan.compressed:
        message = compressed_image_message(factory, picture, codec, stamp, frame)
        write(f"/{name}/image/compressed", message, COMPRESSED, stamp)
        message = compressed_depth_message(factory, depth, stamp, frame)
        write(f"{truth}/depth/image/compressedDepth", message, COMPRESSED, stamp)
        message = compressed_image_message(factory, labels, "png", stamp, frame)
        write(f"{truth}/labels/image/compressed", message, COMPRESSED, stamp)
    else:
        message = image_message(factory, picture, encoding, stamp, frame)
        write(f"/{name}/image", message, IMAGE, stamp)
        message = image_message(factory, depth, "32FC1", stamp, frame)
        write(f"{truth}/depth/image", message, IMAGE, stamp)
        message = image_message(factory, labels, "mono8", stamp, frame)
        write(f"{truth}/labels/image", message, IMAGE, stamp)


def _cached(tmp_path, plan: Plan, width: int = 320, height: int = 256):
    path = tmp_path / "a.mcap"
    _write(path, plan)
    return open_cached(cache_recording(path, width, height))


@pytest.mark.parametrize("compressed", [False, True])
def test_pairs_come_back(tmp_path, compressed):
    cached = _cached(tmp_path, Plan(compressed=compressed))
    assert len(cached) == 3
    assert cached.condition == "street/dusk/rain"
    assert cached.rgb[:, 0, 0, 0].tolist() == [40, 80, 120]
    assert cached.thermal[:, 0, 0].tolist() == [29000, 29001, 29002]
    np.testing.assert_allclose(cached.thermal_depth[:, 20, 20], [5, 6, 7], rtol=2e-3)
    assert np.isinf(cached.rgb_depth[:, :2]).all()
    assert np.isnan(cached.rgb_depth[:, 2:4]).all()
    assert cached.thermal_camera == Plan().thermal
    assert cached.thermal_T_rgb[0, 3] == pytest.approx(0.1)
    assert cached.least_span == pytest.approx(200.0)
    assert (cached.rgb_mask == 1).all()


def test_large_pictures_are_shrunk_with_their_geometry(tmp_path):
    cached = _cached(tmp_path, Plan(), 32, 32)
    assert cached.rgb.shape == (3, 24, 32, 3)
    assert cached.rgb_depth.shape == (3, 24, 32)
    assert cached.rgb_camera == Plan().rgb.resized(32, 24)
    assert cached.thermal.shape == (3, 26, 32)


def test_distorted_pictures_are_rectified_and_masked(tmp_path):
    cached = _cached(tmp_path, Plan(distortion=(0.3, 0.1, 0.0, 0.0, 0.0)))
    assert 0 < cached.rgb_mask.mean() < 1
    assert (cached.rgb[0][cached.rgb_mask == 1] == 40).all()


def test_a_frozen_picture_is_left_out(tmp_path):
    assert len(_cached(tmp_path, Plan(frozen=True))) == 1


def test_pictures_too_far_apart_are_no_pair(tmp_path):
    with pytest.raises(InputError, match="no pair"):
        _cached(tmp_path, Plan(thermal_delay_ns=40_000_000, pairs=1))


def test_without_labels_the_sky_is_unknown_and_points_are_kept(tmp_path):
    topics = tuple(f"/ground_truth/{name}/labels/image" for name in ("rgb", "thermal"))
    cached = _cached(tmp_path, Plan(leave_out=topics, points=True), 32, 32)
    assert not cached.is_dense
    assert not np.isinf(cached.rgb_depth).any()
    # One point in every second row and column of 64 x 48: one for each pixel of 32 x 24.
    assert (cached.rgb_depth[:, 2:] == 5 + np.arange(3)[:, None, None]).all()
    assert np.isnan(cached.rgb_depth[:, :2]).all()


def test_a_recording_with_labels_is_dense(tmp_path):
    assert _cached(tmp_path, Plan()).is_dense


def test_another_size_is_not_taken_for_the_same(tmp_path):
    path = tmp_path / "a.mcap"
    _write(path, Plan())
    cache_recording(path, 320, 256)
    with pytest.raises(InputError, match=r"a\.pairs: holds .* 320x256, expected at most 32x32"):
        cache_recording(path, 32, 32)


@pytest.mark.parametrize(
    ("topic", "words"),
    [
        ("/tf_static", "/tf_static"),
        ("/ground_truth/rgb/depth/image", "depth"),
        ("/thermal/image", "/thermal/image"),
        ("/thermal/camera_info", "camera_info"),
    ],
)
def test_what_is_missing_is_named(tmp_path, topic, words):
    with pytest.raises(InputError, match=words):
        _cached(tmp_path, Plan(leave_out=(topic,)))
    assert not list(tmp_path.glob("*.pairs"))


def test_a_converted_recording_is_not_read_again(tmp_path):
    path = tmp_path / "a.mcap"
    _write(path, Plan())
    folder = cache_recording(path, 320, 256)
    path.write_bytes(b"gone")
    assert cache_recording(path, 320, 256) == folder
    assert replace(open_cached(folder)).name == "a"
