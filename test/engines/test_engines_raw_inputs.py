"""Preparation within the graph against the host's own, run by ONNX Runtime."""

from __future__ import annotations

from typing import ClassVar

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("onnx")
import onnx
import onnxruntime
from onnx import TensorProto, helper

from rgbt_perception.config import OutputConfig
from rgbt_perception.engines.depth_exchange import OUTPUTS, input_shapes
from rgbt_perception.engines.raw_inputs import (
    RANGE,
    Placement,
    raw_counts,
    resampling,
    with_raw_inputs,
)
from rgbt_perception.errors import RgbtError
from rgbt_perception.frames import Calibration, FramePair, Mode, Pinhole, RgbFrame, ThermalFrame
from rgbt_perception.geometry.letterbox import letterbox
from rgbt_perception.pipeline import DepthPipeline, Wanted
from rgbt_perception.sensing.thermal_shoulder import with_shoulder

WIDTH, HEIGHT = 64, 48


def through() -> bytes:
    """A network that gives back the pictures that it gets."""
    shapes = input_shapes(HEIGHT, WIDTH)
    names = ("rgb", "thermal", "rgb_mask", "thermal_mask")
    values = [helper.make_tensor_value_info(n, TensorProto.FLOAT, shapes[n]) for n in names]
    results = [
        helper.make_tensor_value_info(f"{n}_seen", TensorProto.FLOAT, shapes[n]) for n in names[:2]
    ]
    nodes = [helper.make_node("Identity", [n], [f"{n}_seen"]) for n in names[:2]]
    graph = helper.make_graph(nodes, "through", values, results)
    opset = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=opset, ir_version=10).SerializeToString()


class Listener:
    """Stands for the network and keeps what it is given."""

    name = model = "listener"
    digest = ""
    metadata: ClassVar[dict[str, str]] = {}
    inputs = input_shapes(HEIGHT, WIDTH)
    outputs = OUTPUTS

    def run(self, inputs, outputs):
        self.given = {name: values.copy() for name, values in inputs.items()}
        return {name: np.ones((1, 1, HEIGHT, WIDTH), np.float32) for name in outputs}


def camera(size):
    width, height = size
    return Pinhole(width, height, width, width, (width - 1) / 2, (height - 1) / 2)


def placed(size):
    box = letterbox(camera(size), WIDTH, HEIGHT)
    return Placement(size, box.left, box.top, box.width, box.height)


def host(color, picture, valid=None):
    """What the pipeline gives its network."""
    cameras = [camera(image.shape[1::-1]) for image in (color, picture)]
    pair = FramePair(
        mode=Mode.FULL,
        calibration=Calibration(*cameras, np.eye(4)),
        frame_id="thermal",
        rgb=RgbFrame(color, 0, valid),
        thermal=ThermalFrame(picture, None, 1),
    )
    listener = Listener()
    DepthPipeline(OutputConfig(), listener).process(pair, Wanted(color=False, temperature=False))
    return listener.given


def in_graph(color, counts, placements, scale_offset_warmest, masks):
    content = with_raw_inputs(through(), placements)
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    inputs = {
        "rgb_raw": color[None],
        "thermal_raw": raw_counts(counts),
        RANGE: np.array(scale_offset_warmest, np.float32),
        **masks,
    }
    return dict(
        zip(("rgb", "thermal"), session.run(["rgb_seen", "thermal_seen"], inputs), strict=True)
    )


def pictures(rgb_size, thermal_size, seed=0):
    random = np.random.default_rng(seed)
    color = random.integers(0, 256, (*rgb_size[::-1], 3), np.uint8)
    counts = random.integers(21000, 24000, thermal_size[::-1], np.uint16)
    return color, counts


@pytest.mark.parametrize(
    ("rgb_size", "thermal_size", "levels"),
    [
        # The host rounds a colour to a whole number once more.
        ((128, 96), (64, 48), 0.51),  # whole numbers
        ((160, 90), (80, 64), 0.51),  # bars above and below, left and right; no whole numbers
        # OpenCV enlarges bytes with weights of 11 bits, twice.
        ((50, 40), (40, 32), 0.8),
    ],
)
@pytest.mark.parametrize("warmest", [1.0, 2.5])
def test_the_graph_prepares_as_the_host_does(rgb_size, thermal_size, levels, warmest):
    color, counts = pictures(rgb_size, thermal_size)
    scale, offset = 1 / 2000, -21500 / 2000
    linear = (counts.astype(np.float64) * scale + offset).astype(np.float32)
    # Some values are below the range and, without a shoulder, some above.
    assert linear.min() < 0 < 1 < linear.max()
    given = host(color, with_shoulder(linear.copy(), warmest))
    masks = {name: given[name] for name in ("rgb_mask", "thermal_mask")}
    placements = {"rgb": placed(rgb_size), "thermal": placed(thermal_size)}
    found = in_graph(color, counts, placements, (scale, offset, warmest), masks)
    assert np.abs(found["rgb"] - given["rgb"]).max() <= levels / 255
    # Counts of five digits in single precision.
    assert np.abs(found["thermal"] - given["thermal"]).max() <= 2e-5
    for name, picture in found.items():
        assert not picture[0, :, given[f"{name}_mask"][0, 0] == 0].any()


def test_what_is_masked_is_dark():
    color, counts = pictures((128, 96), (64, 48))
    placements = {"rgb": placed((128, 96)), "thermal": placed((64, 48))}
    masks = {
        f"{name}_mask": np.zeros((1, 1, HEIGHT, WIDTH), np.float32) for name in ("rgb", "thermal")
    }
    masks["rgb_mask"][..., :20] = 1.0
    found = in_graph(color, counts, placements, (1 / 3000, -7.0, 1.0), masks)
    assert found["rgb"][..., :20].any()
    assert not found["rgb"][..., 20:].any()
    assert not found["thermal"].any()


@settings(max_examples=50)
@given(st.integers(2, 40), st.integers(2, 40), st.integers(0, 1000))
def test_a_resizing_is_that_of_opencv(source, target, seed):
    line = np.random.default_rng(seed).random((source, 3), np.float32)
    shrink = target < source
    method = cv2.INTER_AREA if shrink else cv2.INTER_LINEAR
    expected = cv2.resize(line, (3, target), interpolation=method)
    weights = resampling(source, target, shrink)
    np.testing.assert_allclose(weights @ line, expected, atol=2e-5)
    np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-5)


def test_what_does_not_fit_is_one_line():
    good = placed((128, 96))
    for placements, line in (
        ({"depth": good}, "the network has no picture depth with a mask"),
        ({"rgb": Placement((128, 96), 10, 0, 64, 48)}, "does not lie on 64x48"),
        ({"rgb": Placement((0, 96), 0, 0, 64, 48)}, "does not lie on 64x48"),
    ):
        with pytest.raises(RgbtError, match=line) as caught:
            with_raw_inputs(through(), placements)
        assert "\n" not in str(caught.value)
    with pytest.raises(RgbtError, match="raw inputs: not a usable ONNX file"):
        with_raw_inputs(b"no model", {"rgb": good})


def test_one_camera_alone_leaves_the_other_as_it_was():
    model = onnx.load_model_from_string(with_raw_inputs(through(), {"rgb": placed((128, 96))}))
    names = {value.name for value in model.graph.input}
    assert names == {"rgb_raw", "rgb_mask", "thermal", "thermal_mask"}
