from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rgbt_perception.frames import Pinhole
from rgbt_perception.geometry.camera import make_camera_model
from rgbt_perception.sensing.camera_info import camera_model_from_message
from rgbt_perception.sensing.decode import (
    color_picture,
    depth_picture,
    label_picture,
    stamp_of,
    thermal_picture,
)
from rgbt_perception.sensing.encode import (
    camera_info_message,
    compressed_depth_message,
    compressed_image_message,
    image_message,
    static_transform_message,
    string_message,
)

RNG = np.random.default_rng(11)
PICTURES = {
    "rgb8": RNG.integers(0, 256, (5, 7, 3), dtype=np.uint8),
    "mono8": RNG.integers(0, 256, (5, 7), dtype=np.uint8),
    "mono16": RNG.integers(0, 65536, (5, 7), dtype=np.uint16),
    "16UC1": RNG.integers(0, 65536, (5, 7), dtype=np.uint16),
    "32FC1": RNG.uniform(0.5, 90, (5, 7)).astype(np.float32),
}
READERS = {"rgb8": color_picture, "32FC1": depth_picture}
STAMP = 1_700_000_000_123_456_789


@pytest.mark.parametrize("encoding", PICTURES)
def test_images_survive_the_wire(factory, over_the_wire, encoding):
    picture = PICTURES[encoding]
    message = over_the_wire(image_message(factory, picture, encoding, STAMP, "some_frame"))
    assert (message.height, message.width) == (5, 7)
    assert message.step * message.height == len(message.data) == picture.nbytes
    assert message.is_bigendian == 0
    assert message.header.frame_id == "some_frame"
    assert stamp_of(message) == STAMP
    np.testing.assert_array_equal(READERS.get(encoding, thermal_picture)(message), picture)


def test_a_contiguous_picture_is_not_copied(factory):
    picture = PICTURES["rgb8"]
    assert np.shares_memory(image_message(factory, picture, "rgb8", 0, "").data, picture)


@pytest.mark.parametrize("view", [np.s_[::2, ::2], np.s_[:, ::-1]])
def test_views_are_laid_out_first(factory, view):
    picture = PICTURES["mono16"][view]
    message = image_message(factory, picture, "mono16", 0, "")
    np.testing.assert_array_equal(thermal_picture(message), picture)


@pytest.mark.parametrize(("encoding", "other"), [("rgb8", "mono8"), ("mono16", "mono8")])
def test_a_picture_of_another_encoding_is_refused(factory, encoding, other):
    with pytest.raises(ValueError, match=encoding):
        image_message(factory, PICTURES[other], encoding, 0, "")


def test_lossless_compression(factory, over_the_wire):
    for encoding, text in [
        ("rgb8", "rgb8; png compressed bgr8"),
        ("mono8", "mono8; png compressed "),
        ("mono16", "mono16; png compressed "),
    ]:
        picture = PICTURES[encoding]
        message = over_the_wire(compressed_image_message(factory, picture, "png", STAMP, "f"))
        assert message.format == text
        reader = {"rgb8": color_picture, "mono8": label_picture}.get(encoding, thermal_picture)
        result = reader(message)
        assert result.dtype == picture.dtype
        np.testing.assert_array_equal(result, picture)


def test_jpeg_quality_counts(factory):
    row, column = np.mgrid[:64, :64]
    smooth = np.stack([row * 3, column * 3, row + column], axis=-1).astype(np.uint8)
    errors, sizes = [], []
    for quality in (95, 30):
        message = compressed_image_message(factory, smooth, "jpeg", 0, "", quality)
        assert message.format == "rgb8; jpeg compressed bgr8"
        sizes.append(len(message.data))
        errors.append(np.abs(color_picture(message).astype(int) - smooth).mean())
    assert errors[0] < 2.0
    assert errors[0] < errors[1]
    assert sizes[0] > sizes[1]


def test_sixteen_bits_do_not_fit_jpeg(factory):
    with pytest.raises(ValueError, match="png"):
        compressed_image_message(factory, PICTURES["mono16"], "jpeg", 0, "")


@settings(deadline=None)
@given(
    near=st.floats(0.05, 50.0),
    ratio=st.floats(1.0, 1000.0),
    unknown=st.sampled_from([np.nan, np.inf, -np.inf, 0.0, -1.0]),
    seed=st.integers(0, 2**32),
)
def test_compressed_depth_error_is_bounded(factory, near, ratio, unknown, seed):
    exponents = np.random.default_rng(seed).uniform(0, 1, (4, 6))
    depth = (near * ratio**exponents).astype(np.float32)
    depth[0, 0], depth[0, 1], depth[0, 2] = unknown, near, near * ratio
    message = compressed_depth_message(factory, depth, 0, "f")
    result = depth_picture(message)
    assert message.format == "32FC1; compressedDepth png"
    assert np.isnan(result[0, 0])
    known = np.isfinite(depth) & (depth > 0)
    z = depth[known].astype(np.float64)
    scale = 65534.0 / (1.0 / z.min() - 1.0 / max(z.max(), 2.0 * z.min()))
    bound = 0.51 * z**2 / scale + 2e-6 * z
    assert (np.abs(result[known] - z) <= bound).all()


def test_compressed_depth_is_what_the_plugin_reads(factory):
    depth = np.array([[2.0, 100.0, np.nan]], dtype=np.float32)
    data = bytes(compressed_depth_message(factory, depth, 0, "f").data)
    kind, z0, farthest = struct.unpack("<iff", data[:12])
    steps = cv2.imdecode(np.frombuffer(data[12:], np.uint8), cv2.IMREAD_UNCHANGED)
    a = z0 * (z0 + 1)
    b = 1 - a / farthest
    assert (kind, farthest) == (1, 100.0)
    assert steps.dtype == np.uint16
    assert steps[0].tolist() == [65535, 1, 0]
    assert [a / (int(step) - b) for step in steps[0, :2]] == pytest.approx([2.0, 100.0], rel=1e-4)


def test_depth_of_nothing_is_unknown_everywhere(factory):
    depth = np.full((3, 4), np.nan, dtype=np.float32)
    result = depth_picture(compressed_depth_message(factory, depth, 0, "f"))
    assert result.shape == (3, 4)
    assert np.isnan(result).all()


def test_camera_info_of_a_rectified_camera(factory, over_the_wire):
    camera = Pinhole(640, 512, 500.5, 501.5, 319.25, 255.75)
    message = over_the_wire(camera_info_message(factory, camera, STAMP, "thermal_optical_frame"))
    assert (message.width, message.height) == (640, 512)
    assert not message.d.any()
    assert message.r.tolist() == np.eye(3).ravel().tolist()
    assert message.k.tolist() == [500.5, 0, 319.25, 0, 501.5, 255.75, 0, 0, 1]
    assert message.p.tolist() == [500.5, 0, 319.25, 0, 0, 501.5, 255.75, 0, 0, 0, 1, 0]
    model = camera_model_from_message(message, "t")
    assert model.is_rectified
    assert model.rectified == camera


def test_camera_info_of_a_raw_camera(factory, over_the_wire):
    angle = 0.02
    turn = [np.cos(angle), -np.sin(angle), 0, np.sin(angle), np.cos(angle), 0, 0, 0, 1]
    camera = make_camera_model(
        name="c",
        width=320,
        height=240,
        k=[300, 0, 160, 0, 301, 120, 0, 0, 1],
        d=[0.1, -0.2, 0.001, 0.002, 0.05],
        r=turn,
        p=[280, 0, 158, 0, 0, 281, 119, 0, 0, 0, 1, 0],
        frame_id="rgb_optical_frame",
    )
    message = over_the_wire(camera_info_message(factory, camera, STAMP, camera.frame_id))
    model = camera_model_from_message(message, "t")
    assert (model.raw, model.rectified) == (camera.raw, camera.rectified)
    assert (model.distortion, model.distortion_model) == (camera.distortion, "plumb_bob")
    assert model.frame_id == "rgb_optical_frame"
    np.testing.assert_array_equal(model.rotation, camera.rotation)


def test_static_transform_and_text(factory, over_the_wire):
    matrix = np.array([[0.0, -1, 0, 1.5], [1, 0, 0, -2.5], [0, 0, 1, 3.5], [0, 0, 0, 1]])
    message = over_the_wire(static_transform_message(factory, "base", "cam", matrix, STAMP))
    (stamped,) = message.transforms
    assert (stamped.header.frame_id, stamped.child_frame_id) == ("base", "cam")
    t, q = stamped.transform.translation, stamped.transform.rotation
    assert (t.x, t.y, t.z) == (1.5, -2.5, 3.5)
    half = np.sqrt(0.5)
    assert (q.x, q.y, q.z, q.w) == pytest.approx((0, 0, half, half))
    assert over_the_wire(string_message(factory, "rig: äö\n")).data == "rig: äö\n"
