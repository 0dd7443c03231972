from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pytest

from rgbt_perception.config import OutputConfig
from rgbt_perception.engines.constant import ConstantSceneEngine
from rgbt_perception.engines.depth_exchange import OUTPUTS, input_shapes
from rgbt_perception.errors import RgbtError
from rgbt_perception.frames import Calibration, FramePair, Mode, Pinhole, RgbFrame, ThermalFrame
from rgbt_perception.pipeline import GEOMETRY_UNKNOWN, DepthPipeline, Wanted
from rgbt_perception.scene.stage import SceneWanted

SHAPES = input_shapes(32, 64)
RGB = Pinhole(128, 48, 100.0, 100.0, 63.5, 23.5)
THERMAL = Pinhole(96, 64, 80.0, 80.0, 47.5, 31.5)


class FakeEngine:
    """Gives depth 4 m (2 m when ungated) where the thermal mask is, or the RGB mask without it."""

    name, model, digest = "fake", "fake", ""
    outputs = OUTPUTS
    metadata: Mapping[str, str] = {}

    def __init__(self, inputs=SHAPES):
        self.inputs = inputs
        self.calls: list[dict[str, np.ndarray]] = []

    def run(self, inputs, outputs: Collection[str]):
        self.calls.append({name: array.copy() for name, array in inputs.items()})
        mask = inputs["thermal_mask"]
        mask = mask if mask.any() else inputs["rgb_mask"]
        depth = mask * np.float32(4.0 if inputs["gate"][0] else 2.0)
        values = {
            "depth": depth,
            "confidence": mask * 0.5,
            "depth_rgb": depth * 3,
            "depth_thermal": depth * 5,
        }
        return {name: values[name].astype(np.float32) for name in outputs}


def pair(rgb=True, thermal=True, thermal_camera=THERMAL):
    thermal_T_rgb = np.eye(4)
    thermal_T_rgb[0, 3] = 0.1
    color = np.full((48, 128, 3), (255, 102, 0), np.uint8)
    warm = np.full((64, 96), 0.25, np.float32)
    return FramePair(
        RgbFrame(color, 100) if rgb else None,
        ThermalFrame(warm, warm * 1200, 104) if thermal else None,
        Calibration(RGB, thermal_camera, thermal_T_rgb),
        "thermal_optical_frame",
        Mode.FULL,
        ("why",),
    )


def test_letterboxes_the_inputs_with_their_geometry():
    engine = FakeEngine()
    DepthPipeline(OutputConfig(), engine).process(pair(), Wanted())
    (inputs,) = engine.calls
    # 128 x 48 fits 64 x 32 as 64 x 24, so four rows of padding above and below.
    assert inputs["rgb_mask"][0, 0, 4:28].all()
    assert not inputs["rgb_mask"][0, 0, :4].any()
    assert not inputs["rgb_mask"][0, 0, 28:].any()
    np.testing.assert_allclose(inputs["rgb"][0, :, 16, 30], [1.0, 0.4, 0.0], atol=1e-6)
    assert not inputs["rgb"][0, :, :4].any()
    np.testing.assert_allclose(
        inputs["rgb_intrinsics"][0], [[50, 0, 31.5], [0, 50, 11.5 + 4], [0, 0, 1]]
    )
    # 96 x 64 fits as 48 x 32, eight columns of padding on both sides.
    np.testing.assert_allclose(
        inputs["thermal_intrinsics"][0], [[40, 0, 23.5 + 8], [0, 40, 15.5], [0, 0, 1]]
    )
    assert inputs["thermal_T_rgb"][0, 0, 3] == np.float32(0.1)
    assert inputs["gate"][0] == 1.0


def test_result_has_the_reference_view():
    result = DepthPipeline(OutputConfig(), FakeEngine()).process(pair(), Wanted())
    assert result.camera == THERMAL
    assert result.stamp_ns == 104
    assert result.offset_ns == 4
    assert result.frame_id == "thermal_optical_frame"
    assert result.reasons == ("why",)
    assert result.depth.shape == (64, 96)
    assert (result.depth == 4.0).all()
    assert result.depth.dtype == result.confidence.dtype == np.float32
    np.testing.assert_allclose(result.confidence, 0.5, atol=1 / 255)
    assert result.temperature is not None
    np.testing.assert_allclose(result.temperature, 300.0)
    assert result.color is not None
    assert tuple(result.color[32, 48]) == (255, 102, 0)
    assert {"prepare", "depth_engine", "upsample", "color"} <= result.stages.keys()


def test_computes_only_what_is_wanted():
    engine = FakeEngine()
    pipeline = DepthPipeline(OutputConfig(), engine)
    plain = pipeline.process(pair(), Wanted(color=False, temperature=False))
    assert plain.color is None
    assert plain.temperature is None
    assert not plain.estimates
    assert len(engine.calls) == 1
    full = pipeline.process(pair(), Wanted(estimates=True))
    assert (full.estimates["rgb"] == 12.0).all()
    assert (full.estimates["thermal"] == 20.0).all()
    assert (full.estimates["ungated"] == 2.0).all()
    assert [call["gate"][0] for call in engine.calls] == [1.0, 1.0, 0.0]


def test_a_missing_camera_is_masked_and_the_view_stays():
    engine = FakeEngine()
    pipeline = DepthPipeline(OutputConfig(), engine)
    pipeline.process(pair(), Wanted())
    result = pipeline.process(pair(thermal=False), Wanted())
    inputs = engine.calls[-1]
    assert not inputs["thermal_mask"].any()
    assert not inputs["thermal"].any()
    assert result.camera == THERMAL
    assert result.stamp_ns == 100
    assert result.temperature is None
    result = pipeline.process(pair(rgb=False), Wanted())
    assert not engine.calls[-1]["rgb_mask"].any()
    assert not engine.calls[-1]["rgb"].any()
    assert result.color is None


def test_without_the_reference_geometry_the_other_view_serves():
    engine = FakeEngine()
    result = DepthPipeline(OutputConfig(), engine).process(
        pair(thermal=False, thermal_camera=None), Wanted()
    )
    assert result.camera == RGB
    assert GEOMETRY_UNKNOWN in result.reasons
    np.testing.assert_array_equal(engine.calls[0]["thermal_T_rgb"][0], np.eye(4))


def test_unknown_and_out_of_range_follow_rep_117():
    class Ranges(FakeEngine):
        def run(self, inputs, outputs):
            results = super().run(inputs, outputs)
            results["depth"][0, 0, :, :20] = 0.0
            results["depth"][0, 0, :, 30:40] = 0.1
            results["depth"][0, 0, :, 40:] = 500.0
            return results

    depth = DepthPipeline(OutputConfig(), Ranges()).process(pair(), Wanted()).depth
    assert np.isnan(depth[:, :20]).all()
    assert np.isneginf(depth[:, 50:60]).all()
    assert np.isposinf(depth[:, 70:]).all()


def test_scale_makes_the_outputs_smaller_with_their_camera():
    result = DepthPipeline(OutputConfig(scale=0.5), FakeEngine()).process(pair(), Wanted())
    assert result.depth.shape == (32, 48)
    assert result.camera == THERMAL.resized(48, 32)
    assert result.color is not None
    assert result.color.shape == (32, 48, 3)


def test_depth_is_rounded_to_its_stated_precision():
    class Noisy(FakeEngine):
        def run(self, inputs, outputs):
            results = super().run(inputs, outputs)
            noise = np.random.default_rng(0).uniform(1, 50, results["depth"].shape)
            results["depth"] = noise.astype(np.float32)
            self.truth = results["depth"]
            return results

    engine = Noisy({**SHAPES})
    camera = Pinhole(64, 32, 50.0, 50.0, 31.5, 15.5)
    depth = (
        DepthPipeline(OutputConfig(), engine)
        .process(pair(thermal_camera=camera, thermal=False), Wanted())
        .depth
    )
    relative = np.abs(depth / engine.truth[0, 0] - 1)
    assert 0 < relative.max() <= 2.0**-13
    assert not (depth.view(np.uint32) & 0x7FF).any()


def test_a_model_with_other_inputs_is_refused():
    inputs = {name: shape for name, shape in SHAPES.items() if name != "gate"}
    with pytest.raises(RgbtError, match="has no input gate"):
        DepthPipeline(OutputConfig(), FakeEngine(inputs))
    with pytest.raises(RgbtError, match="input gate has the shape"):
        DepthPipeline(OutputConfig(), FakeEngine({**SHAPES, "gate": ("batch",)}))
    engine = FakeEngine()
    engine.outputs = ("depth",)
    with pytest.raises(RgbtError, match="has no output confidence"):
        DepthPipeline(OutputConfig(), engine)


def test_the_scene_is_computed_from_the_refined_depth_when_it_is_wanted():
    scene = ConstantSceneEngine(64, 32)
    pipeline = DepthPipeline(OutputConfig(), FakeEngine(), scene)
    wanted = Wanted(scene=SceneWanted(fused=True, labels=True))
    result = pipeline.process(pair(), wanted)
    assert result.scene.fused.shape == (64, 96, 3)
    assert result.scene.labels.shape == (64, 96)
    assert {"align", "scene_engine", "fuse", "labels"} <= result.stages.keys()
    # 4 m away and 0.1 m to the side: 2 pixels of the thermal camera.
    seen = result.scene.aligned.rgb_seen
    assert seen[32, 2:-2].all()
    # The points have the colours of the same picture.
    assert result.color is result.scene.aligned.rgb
    assert pipeline.process(pair(), Wanted()).scene is None


def test_without_a_scene_network_nothing_changes():
    with_scene = DepthPipeline(OutputConfig(), FakeEngine(), ConstantSceneEngine(64, 32))
    without = DepthPipeline(OutputConfig(), FakeEngine())
    wanted = Wanted(estimates=True, scene=SceneWanted(fused=True, labels=True))
    first, second = (p.process(pair(), wanted) for p in (with_scene, without))
    assert second.scene is None
    np.testing.assert_array_equal(first.depth, second.depth)
    np.testing.assert_array_equal(first.confidence, second.confidence)
    assert not {"align", "scene_engine", "fuse", "labels"} & second.stages.keys()


@pytest.mark.parametrize("missing", ["rgb", "thermal"])
def test_the_scene_of_one_camera(missing):
    pipeline = DepthPipeline(OutputConfig(), FakeEngine(), ConstantSceneEngine(64, 32))
    wanted = Wanted(scene=SceneWanted(fused=True, labels=True))
    result = pipeline.process(pair(**{missing: False}), wanted)
    fused, labels = result.scene.fused, result.scene.labels
    assert fused.shape == (64, 96, 3)
    if missing == "rgb":
        assert (fused == fused[..., :1]).all()
        assert labels.all()
    else:
        unseen = ~result.scene.aligned.rgb_seen
        assert unseen.any()
        assert not labels[unseen].any()
        assert not fused[unseen].any()
        assert labels[~unseen].all()
        assert not (fused == fused[..., :1]).all()


def test_the_scene_where_thermal_was_never_known():
    pipeline = DepthPipeline(OutputConfig(), FakeEngine(), ConstantSceneEngine(64, 32))
    wanted = Wanted(scene=SceneWanted(fused=True, labels=True))
    result = pipeline.process(pair(thermal=False, thermal_camera=None), wanted)
    assert GEOMETRY_UNKNOWN in result.reasons
    assert result.scene.aligned.rgb_seen is None
    assert result.scene.labels.all()
