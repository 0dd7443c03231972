"""The alignment within the graph against the host's at the same size, run by ONNX Runtime."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

pytest.importorskip("onnx")
import onnxruntime
from fake_cuda import FakeCuda
from fake_tensorrt import fake_tensorrt
from tiny_exchange import depth_network, scene_network

from rgbt_perception.engines.aligned_scene import TAKEN, with_alignment
from rgbt_perception.engines.plan_builder import Precision
from rgbt_perception.engines.tensorrt.builder import TensorRtBuilder
from rgbt_perception.engines.tensorrt.cuda import Cuda
from rgbt_perception.engines.tensorrt.engine import ModelCard, TensorRtEngine
from rgbt_perception.errors import RgbtError
from rgbt_perception.frames import Pinhole
from rgbt_perception.geometry.alignment import align_picture
from rgbt_perception.geometry.transforms import inverse

WIDTH, HEIGHT = 80, 64
THERMAL = Pinhole(WIDTH, HEIGHT, 70.0, 72.0, 39.0, 32.5)
RGB = Pinhole(WIDTH, HEIGHT, 70.0, 70.0, 40.5, 30.0)


@pytest.fixture
def moment():
    """A box before a slanted wall, seen by two cameras side by side; inputs by name."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    depth = 6 + 0.05 * rows + 0.01 * columns
    depth[20:50, 30:50] = 2.0
    thermal_T_rgb = np.eye(4)
    thermal_T_rgb[:3, :3] = cv2.Rodrigues(np.array([0.01, -0.02, 0.015]))[0]
    thermal_T_rgb[:3, 3] = (0.25, -0.03, 0.02)
    # Smooth: OpenCV looks up at 1/32 of a pixel.
    color = np.stack([3 * columns, 3 * rows, 120 + 40 * np.sin(columns / 9)], -1)
    mask = np.ones((HEIGHT, WIDTH), np.float32)
    mask[:, :5] = 0
    color = color.astype(np.uint8) * (mask[..., None] > 0).astype(np.uint8)
    return {
        "depth": depth[None, None],
        "rgb": color.transpose(2, 0, 1)[None].astype(np.float32) / 255,
        "rgb_mask": mask[None, None],
        "thermal": depth[None, None] / 10,
        "thermal_mask": np.ones_like(mask)[None, None],
        "rgb_intrinsics": RGB.matrix[None].astype(np.float32),
        "thermal_intrinsics": THERMAL.matrix[None].astype(np.float32),
        "thermal_T_rgb": thermal_T_rgb[None].astype(np.float32),
    }


def host(moment):
    color = np.rint(moment["rgb"][0].transpose(1, 2, 0) * 255).astype(np.uint8)
    transform = inverse(moment["thermal_T_rgb"][0].astype(np.float64))
    valid = moment["rgb_mask"][0, 0] > 0
    depth = moment["depth"][0, 0]
    return align_picture(depth, THERMAL, color, RGB, transform, valid)


def run(content, moment, names=("seen", "where")):
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    wanted = {item.name for item in session.get_inputs()}
    return session.run(list(names), {n: v for n, v in moment.items() if n in wanted})


def test_it_is_the_alignment_of_the_host(moment):
    picture, seen = host(moment)
    found, where = run(with_alignment(scene_network(HEIGHT, WIDTH)), moment)
    # Hidden beside the box, outside, and without a picture; the rest is seen.
    assert 0.05 < 1 - seen.mean() < 0.5
    same = (where[0, 0] > 0) == seen
    assert same.mean() > 0.998
    both = (where[0, 0] > 0) & seen
    differences = np.abs(found[0].transpose(1, 2, 0) * 255 - picture)[both]
    assert differences.max() < 1.5
    assert differences.mean() < 0.5
    assert not found[0][:, where[0, 0] == 0].any()


def test_cameras_at_one_place_hide_nothing(moment):
    moment["thermal_T_rgb"] = np.eye(4, dtype=np.float32)[None]
    _, seen = host(moment)
    _, where = run(with_alignment(scene_network(HEIGHT, WIDTH)), moment)
    assert ((where[0, 0] > 0) == seen).mean() > 0.998


def test_what_has_no_depth_is_not_seen(moment):
    moment["depth"][..., :10, :] = 0.0
    found, where = run(with_alignment(scene_network(HEIGHT, WIDTH)), moment)
    assert not where[0, 0, :10].any()
    assert where.any()
    assert np.isfinite(found).all()


def test_the_scene_engine_takes_all_it_needs_from_the_depth_engine(moment):
    driver = FakeCuda()
    trt, cuda = fake_tensorrt(cuda=driver), Cuda(driver)
    card = ModelCard("tested", "", {}, "fp32")

    def plan(content):
        return TensorRtBuilder(trt, cuda).build(content, Precision.FP32, lambda what, share: None)

    depth = TensorRtEngine(plan(depth_network(HEIGHT, WIDTH)), card, trt, cuda)
    after = TensorRtEngine(
        plan(with_alignment(scene_network(HEIGHT, WIDTH))), card, trt, cuda, beside=depth
    )
    assert tuple(after.inputs) == TAKEN
    for name in TAKEN:
        after.take(name, depth.device_tensor(name))
    expected = [
        values.copy() for values in run(with_alignment(scene_network(HEIGHT, WIDTH)), moment)
    ]
    for turn in range(4):
        depth.run({**moment, "gate": np.ones(1, np.float32)}, ["depth"])
        if turn == 0:
            copies = driver.calls["cudaMemcpyAsync"]
        found = after.run({}, ["seen", "where"])
        if turn == 0:
            # The two results and nothing else.
            assert driver.calls["cudaMemcpyAsync"] - copies == 2
        for values, wanted in zip(found.values(), expected, strict=True):
            np.testing.assert_allclose(values, wanted, atol=1e-6)


def test_what_is_no_scene_network_is_one_line():
    with pytest.raises(RgbtError, match="lacks the inputs of a scene network"):
        with_alignment(depth_network(HEIGHT, WIDTH).replace(b"thermal_mask", b"thermal_musk"))
    with pytest.raises(RgbtError, match="aligned scene: not a usable ONNX file"):
        with_alignment(b"no model")
