from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from both_ways import both_ways, compiling

from rgbt_perception.engines.scene_exchange import OUTPUTS, input_shapes
from rgbt_perception.errors import RgbtError
from rgbt_perception.frames import Pinhole, RgbFrame, ThermalFrame
from rgbt_perception.scene.classes import SCENE_CLASSES
from rgbt_perception.scene.stage import SceneStage, SceneView, SceneWanted

VIEW = Pinhole(32, 24, 40.0, 40.0, 15.5, 11.5)
ALL = SceneWanted(fused=True, labels=True, estimates=True, aligned=True)
ROAD, PERSON = 1, 8

way = both_ways("scene.stage")


class BrightIsPerson:
    """Names what is bright a person and the rest road; fuses as the mean of what is there."""

    name, model, digest = "fake", "fake_scene", "abc"
    outputs = OUTPUTS

    def __init__(self, height=32, width=32):
        self.inputs = input_shapes(height, width)
        self.metadata: Mapping[str, str] = {}
        self.calls: list[tuple[dict[str, np.ndarray], list[str]]] = []

    def run(self, inputs, outputs):
        self.calls.append(({k: v.copy() for k, v in inputs.items()}, list(outputs)))
        masks = inputs["rgb_mask"] + inputs["thermal_mask"]
        light = inputs["rgb"].mean(axis=1, keepdims=True) + inputs["thermal"]
        fused = (light / np.maximum(masks, 1)).astype(np.float32)
        logits = np.zeros((1, len(SCENE_CLASSES), *fused.shape[2:]), np.float32)
        logits[:, ROAD] = 0.5
        logits[:, PERSON] = fused[:, 0]
        weight = (inputs["rgb_mask"] / np.maximum(masks, 1)).astype(np.float32)
        found = {"fused": fused, "weight": weight, "logits": logits}
        return {name: found[name] for name in outputs}


class Laps(list):
    def __call__(self, name):
        self.append(name)


def rgb_frame(camera=VIEW, level=40, valid=None):
    image = np.full((camera.height, camera.width, 3), level, np.uint8)
    image[:, : camera.width // 2] = 250
    return RgbFrame(image, 1, valid)


def thermal_frame(level=0.2, valid=None):
    image = np.full((VIEW.height, VIEW.width), level, np.float32)
    image[: VIEW.height // 2] = 0.9
    return ThermalFrame(image, None, 2, valid)


def process(rgb, thermal, engine=None, wanted=ALL, camera=VIEW, shift=0.0, depth=5.0):
    T = np.eye(4)
    T[0, 3] = shift
    view = SceneView(VIEW, camera, T, None if thermal is None else thermal.image)
    plane = np.broadcast_to(np.float32(depth), (VIEW.height, VIEW.width)).astype(np.float32)
    engine, laps = engine or BrightIsPerson(), Laps()
    return SceneStage(engine).process(rgb, thermal, view, plane, wanted, laps), engine, laps


def test_aligned_rigs_are_not_warped():
    """No depth is known, and the picture arrives all the same."""
    rgb, thermal = rgb_frame(), thermal_frame()
    scene, engine, laps = process(rgb, thermal, depth=np.nan)
    assert scene.aligned.rgb is rgb.image
    assert scene.aligned.rgb_seen is None
    assert scene.aligned.thermal is thermal.image
    inputs = engine.calls[0][0]
    # 32 x 24 stands in the middle of 32 x 32.
    assert inputs["rgb_mask"][0, 0, 4:28].all()
    assert inputs["thermal_mask"][0, 0, 4:28].all()
    # Beyond its borders every picture goes on, mirrored: the network meets no border there.
    for values in inputs.values():
        np.testing.assert_array_equal(values[:, :, :4], values[:, :, 7:3:-1])
        np.testing.assert_array_equal(values[:, :, 28:], values[:, :, 27:23:-1])
    np.testing.assert_allclose(inputs["rgb"][0, :, 10, 30], 40 / 255, atol=1e-6)
    np.testing.assert_allclose(inputs["thermal"][0, 0, 27, 3], 0.2, atol=1e-6)
    assert laps == ["align", "scene_engine", "fuse", "labels", "label_estimates"]


def test_an_aligned_camera_of_another_resolution_is_only_resized():
    camera = VIEW.resized(64, 48)
    scene, _, _ = process(rgb_frame(camera), thermal_frame(), camera=camera, depth=np.nan)
    assert scene.aligned.rgb_seen is None
    np.testing.assert_array_equal(scene.aligned.rgb, rgb_frame().image)


def test_the_warp_follows_the_depth_and_masks_what_it_does_not_see():
    # 5 m away, 0.5 m to the side: 4 pixels.
    scene, engine, _ = process(rgb_frame(), thermal_frame(), shift=0.5)
    seen = scene.aligned.rgb_seen
    assert seen[:, 4:].all()
    assert not seen[:, :4].any()
    assert not scene.aligned.rgb[:, :4].any()
    np.testing.assert_array_equal(scene.aligned.rgb[:, 4:20], 250)
    np.testing.assert_array_equal(scene.aligned.rgb[:, 20:], 40)
    inputs = engine.calls[0][0]
    assert not inputs["rgb_mask"][0, 0, :, :4].any()
    assert inputs["rgb_mask"][0, 0, 4:28, 4:].all()
    assert not inputs["rgb"][0, :, :, :4].any()
    # There the fused picture is the thermal one, grey.
    np.testing.assert_allclose(scene.fused[2, 1], round(0.9 * 255), atol=1)
    np.testing.assert_allclose(scene.fused[20, 1], round(0.2 * 255), atol=1)


def test_unknown_depth_is_unseen():
    depth = np.full((VIEW.height, VIEW.width), 5.0, np.float32)
    depth[6:9, 20:25] = np.nan
    scene, _, _ = process(rgb_frame(), thermal_frame(), shift=0.5, depth=depth)
    assert not scene.aligned.rgb_seen[6:9, 20:25].any()
    assert not scene.aligned.rgb[6:9, 20:25].any()


def test_single_hidden_pixels_do_not_reach_the_network():
    """They are left out of the mean, and what is mostly hidden is masked."""
    camera = VIEW.resized(64, 48)
    rgb_valid = np.ones((48, 64), bool)
    rgb_valid[20, 30] = False
    rgb_valid[30:32, 40] = rgb_valid[30, 41] = False
    view = SceneView(camera, camera, np.eye(4), np.full((48, 64), 0.5, np.float32))
    frame = RgbFrame(np.full((48, 64, 3), 200, np.uint8), 1, rgb_valid)
    engine = BrightIsPerson()
    wanted = SceneWanted(labels=True)
    thermal = ThermalFrame(view.thermal, None, 2)
    SceneStage(engine).process(frame, thermal, view, np.full((48, 64), np.nan), wanted, Laps())
    inputs = engine.calls[0][0]
    hidden = np.argwhere(inputs["rgb_mask"][0, 0, 4:28] == 0)
    assert hidden.tolist() == [[15, 20]]
    inside = inputs["rgb"][0, :, 4:28] * 255
    assert not inside[:, 15, 20].any()
    inside[:, 15, 20] = 200
    np.testing.assert_allclose(inside, 200, atol=1)


@pytest.mark.parametrize("network", [(256, 320), (320, 320), (150, 200)])
def test_loops_fill_in_the_bits_of_numpy(network):
    pytest.importorskip("numba", reason="needs the extra [cpu]")
    camera = Pinhole(640, 512, 500.0, 500.0, 319.5, 255.5)
    random = np.random.default_rng(3)
    valid = np.ones((512, 640), bool)
    valid[:20], valid[100:200, 300:333] = False, random.random((100, 33)) < 0.5
    image = random.integers(0, 256, (512, 640, 3), np.uint8)
    image.flags.writeable = False
    thermal = ThermalFrame(random.random((512, 640), np.float32), None, 2, valid[:, ::-1])
    depth = np.full((512, 640), np.nan, np.float32)
    filled, aligned = [], []
    for compiled in (False, True):
        for shown in (None, valid):
            view = SceneView(camera, camera, np.eye(4), thermal.image)
            engine = BrightIsPerson(*network)
            stage = SceneStage(engine)
            with compiling(compiled, "scene.stage"):
                scene = stage.process(
                    RgbFrame(image, 1, shown),
                    thermal,
                    view,
                    depth,
                    SceneWanted(labels=True),
                    Laps(),
                )
            filled.append(engine.calls[0][0])
            aligned.append(scene.aligned.thermal)
    for plain, loops in zip(filled[:2], filled[2:], strict=True):
        for name, values in plain.items():
            np.testing.assert_array_equal(loops[name], values, err_msg=name)
    np.testing.assert_array_equal(aligned[0], aligned[2])


def test_a_camera_that_is_gone_leaves_nothing_behind():
    engine = BrightIsPerson()
    stage = SceneStage(engine)
    rgb, thermal = rgb_frame(), thermal_frame()
    view = SceneView(VIEW, VIEW, np.eye(4), thermal.image)
    depth = np.full((VIEW.height, VIEW.width), 5.0, np.float32)
    for color in (rgb, None):
        stage.process(color, thermal, view, depth, SceneWanted(labels=True), Laps())
    (both, _), (alone, _) = engine.calls
    assert both["rgb_mask"].all()
    assert not alone["rgb"].any()
    assert not alone["rgb_mask"].any()
    assert alone["thermal_mask"].all()


def test_labels_say_what_each_camera_alone_would():
    scene, engine, _ = process(rgb_frame(), thermal_frame())
    left, right = slice(0, 15), slice(17, None)
    up, down = slice(0, 11), slice(13, None)
    assert (scene.labels[up, left] == PERSON).all()
    assert (scene.labels[down, right] == ROAD).all()
    assert (scene.estimates["rgb"][:, left] == PERSON).all()
    assert (scene.estimates["rgb"][:, right] == ROAD).all()
    assert (scene.estimates["thermal"][up] == PERSON).all()
    assert (scene.estimates["thermal"][down] == ROAD).all()
    (_, alone_rgb, alone_thermal) = (inputs for inputs, _ in engine.calls)
    for inputs, camera, other in (
        (alone_rgb, "rgb", "thermal"),
        (alone_thermal, "thermal", "rgb"),
    ):
        assert not inputs[other].any()
        assert not inputs[f"{other}_mask"].any()
        assert inputs[f"{camera}_mask"].any()


def test_without_rgb_a_grey_picture_and_the_labels_of_the_thermal_one():
    scene, engine, _ = process(None, thermal_frame())
    assert scene.aligned.rgb is None
    assert scene.estimates == {}
    assert (scene.fused == scene.fused[..., :1]).all()
    np.testing.assert_allclose(scene.fused[2, :, 0], round(0.9 * 255), atol=1)
    assert (scene.labels[:11] == PERSON).all()
    assert not engine.calls[0][0]["rgb_mask"].any()


def test_without_thermal_only_what_rgb_sees():
    scene, engine, _ = process(rgb_frame(), None, shift=0.5)
    assert not engine.calls[0][0]["thermal_mask"].any()
    assert not scene.fused[:, :4].any()
    assert not scene.labels[:, :4].any()
    np.testing.assert_allclose(scene.fused[:, 5:18], 250, atol=1)
    assert (scene.labels[:, 4:18] == PERSON).all()
    # The border to what nobody sees is as bright as what is seen.
    np.testing.assert_allclose(scene.fused[:, 4], 250, atol=1)


def test_pixels_without_a_source_are_masked():
    rgb_valid, thermal_valid = np.ones((2, VIEW.height, VIEW.width), bool)
    rgb_valid[:, -6:] = False
    thermal_valid[-3:] = False
    scene, engine, _ = process(rgb_frame(valid=rgb_valid), thermal_frame(valid=thermal_valid))
    inputs = engine.calls[0][0]
    assert not inputs["rgb_mask"][0, 0, :, -6:].any()
    assert not inputs["rgb"][0, :, :, -6:].any()
    assert not inputs["thermal_mask"][0, 0, 25:28].any()
    assert not inputs["thermal"][0, 0, 25:28].any()
    assert not scene.labels[-3:, -6:].any()
    assert not scene.fused[-3:, -6:].any()
    assert scene.labels[:-3].all()


def test_a_much_finer_colour_camera_is_averaged():
    camera = VIEW.resized(128, 96)
    image = np.zeros((96, 128, 3), np.uint8)
    image[:, ::2] = 200  # finer than the view can show
    scene, _, _ = process(RgbFrame(image, 1), thermal_frame(), camera=camera, shift=0.5)
    inside = scene.aligned.rgb[4:-4, 8:-4]
    np.testing.assert_allclose(inside, 100, atol=2)


def test_only_what_is_wanted_is_computed():
    scene, engine, laps = process(rgb_frame(), thermal_frame(), wanted=SceneWanted(labels=True))
    assert scene.fused is None
    assert not scene.estimates
    assert [outputs for _, outputs in engine.calls] == [["logits"]]
    assert "fuse" not in laps
    scene, engine, _ = process(rgb_frame(), thermal_frame(), wanted=SceneWanted(fused=True))
    assert scene.labels is None
    assert [outputs for _, outputs in engine.calls] == [["fused", "weight"]]
    scene, engine, _ = process(rgb_frame(), thermal_frame(), wanted=SceneWanted(aligned=True))
    assert engine.calls == []
    assert scene.aligned.rgb is not None


def test_another_network_is_refused():
    engine = BrightIsPerson()
    engine.outputs = ("fused", "logits")
    with pytest.raises(RgbtError, match="fake_scene: has no output weight"):
        SceneStage(engine)
    engine = BrightIsPerson()
    engine.metadata = {"classes": "cat,dog"}
    with pytest.raises(RgbtError, match="knows the classes cat,dog, expected unlabelled,road"):
        SceneStage(engine)
