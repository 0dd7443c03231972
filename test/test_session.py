from __future__ import annotations

import numpy as np
import pytest

from rgbt_perception.config import Config, with_values
from rgbt_perception.engines.constant import ConstantSceneEngine
from rgbt_perception.engines.depth_exchange import OUTPUTS, input_shapes
from rgbt_perception.frames import Modality, Mode
from rgbt_perception.geometry.cloud import POINT
from rgbt_perception.outputs import LABEL_INFO, LATCHED_TOPICS, TOPICS, offered_topics
from rgbt_perception.pipeline import DepthPipeline
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.sensing.encode import (
    camera_info_message,
    image_message,
    static_transform_message,
    string_message,
)
from rgbt_perception.session import Session, Stream

MS = 1_000_000
START = 1_700_000_000_000 * MS
NAMES = ("rgb", "thermal")


class FlatEngine:
    """A wall at 5 m; takes any picture."""

    name, model, digest = "flat", "flat_model", "0"
    outputs = OUTPUTS

    def __init__(self):
        self.metadata = {}
        self.inputs = input_shapes(32, 32)
        self.runs = 0

    def run(self, inputs, outputs):
        self.runs += 1
        return {name: np.full((1, 1, 32, 32), 5.0, np.float32) for name in outputs}


class Rig:
    """Sends messages to a session as a rig would."""

    def __init__(self, config=None, select=None, infos=True, tf=True, maker=None, scene=None):
        self.factory = RosbagsFactory()
        self.maker = maker
        self.engine = FlatEngine()
        config = config or Config()
        arguments = {} if select is None else {"select": select}
        self.session = Session(
            config, DepthPipeline(config.output, self.engine, scene), self.factory, **arguments
        )
        if infos:
            self.info("rgb")
            self.info("thermal")
        if tf:
            self.tf()

    def info(self, name, size=None, edit=None):
        size = size or (maker_size(self.maker, name))
        camera = self.maker.camera(name, size)
        message = camera_info_message(self.factory, camera, START, f"{name}_optical_frame")
        if edit:
            edit(message)
        stream = Stream.RGB_INFO if name == "rgb" else Stream.THERMAL_INFO
        return self.session.handle(stream, message, START)

    def tf(self):
        matrix = np.eye(4)
        matrix[0, 3] = 0.1
        message = static_transform_message(
            self.factory, "thermal_optical_frame", "rgb_optical_frame", matrix, START
        )
        self.session.handle(Stream.TF_STATIC, message, START)

    def send(self, name, ms, edit=None, picture=None):
        stamp = START + ms * MS
        stream = Stream.RGB_IMAGE if name == "rgb" else Stream.THERMAL_IMAGE
        encoding = "rgb8" if name == "rgb" else "mono16"
        if picture is None:
            picture = self.maker.picture(name, ms)
        message = image_message(self.factory, picture, encoding, stamp, f"{name}_optical_frame")
        if edit:
            edit(message)
        return self.session.handle(stream, message, stamp)

    def pair(self, ms, **edits):
        return self.send("rgb", ms, edits.get("rgb")) + self.send(
            "thermal", ms + 4, edits.get("thermal")
        )

    def pairs(self, first, count):
        outputs = []
        for index in range(count):
            outputs += self.pair(first + index * 100)
        return outputs


def maker_size(maker, name):
    return maker.rgb_size if name == "rgb" else maker.thermal_size


@pytest.fixture
def rig(recording_maker):
    return lambda **options: Rig(maker=recording_maker, **options)


def statuses(outputs):
    return [output.message for output in outputs if output.topic == "status"]


def test_one_result_a_pair_with_stamp_frame_and_size_of_the_thermal_picture(rig):
    r = rig()
    outputs = r.pairs(0, 4) + r.session.finish()
    assert r.session.statistics.pairs == 4
    for topic in TOPICS:
        assert sum(output.topic == topic for output in outputs) == 4
    for output in outputs:
        assert output.type_name == TOPICS[output.topic]
        message = output.message
        stamp = message.header.stamp.sec * 1_000_000_000 + message.header.stamp.nanosec
        assert (stamp - START) % (100 * MS) == 4 * MS
        assert stamp == output.stamp_ns
        assert message.header.frame_id == "thermal_optical_frame"
        if hasattr(message, "encoding"):
            assert (message.width, message.height, message.encoding) == (40, 32, "32FC1")
    status = statuses(outputs)[-1]
    assert status.mode == Mode.FULL
    assert list(status.reasons) == []
    assert (status.pair_offset.sec, status.pair_offset.nanosec) == (0, 4 * MS)
    assert status.pairs == 4
    assert status.depth_model == "flat_model"
    assert {"sensing", "depth_engine", "encode"} <= {stage.stage for stage in status.stages}


def test_nothing_is_computed_that_nobody_takes(rig):
    r = rig(select=lambda index: set())
    assert r.pairs(0, 3) + r.session.finish() == []
    assert r.engine.runs == 0
    r = rig(select=lambda index: {"depth/image"} if index == 1 else set())
    outputs = r.pairs(0, 3) + r.session.finish()
    assert [output.topic for output in outputs] == ["depth/image"]
    assert r.engine.runs == 1


@pytest.mark.parametrize(
    ("silent", "mode"), [("rgb", Mode.THERMAL_ONLY), ("thermal", Mode.RGB_ONLY)]
)
def test_a_lost_camera_is_named_and_its_return_is_full_again(rig, silent, mode):
    r = rig()
    speaking = "thermal" if silent == "rgb" else "rgb"
    outputs = r.pairs(0, 5)
    for ms in range(500, 1500, 100):
        outputs += r.send(speaking, ms)
    outputs += r.pairs(1500, 4) + r.session.finish()
    modes = [status.mode for status in statuses(outputs)]
    alone = modes.count(mode)
    # The RGB picture just before thermal's return has already gone out alone.
    returned = 4 if silent == "rgb" else 3
    assert modes == [Mode.FULL] * 5 + [mode] * alone + [Mode.FULL] * returned
    # The timeout is 0.25 s: at most three frames pass before the other goes on alone.
    assert alone >= 7
    single = next(status for status in statuses(outputs) if status.mode == mode)
    assert f"{silent}_lost" in single.reasons
    depths = [output for output in outputs if output.topic == "depth/image"]
    assert {(d.message.width, d.message.height) for d in depths} == {(40, 32)}
    assert {d.message.header.frame_id for d in depths} == {"thermal_optical_frame"}
    stamps = [d.stamp_ns for d in depths]
    assert stamps == sorted(set(stamps))


def test_a_corrupt_picture_leaves_the_other_camera_and_recovery_is_full(rig):
    def short(message):
        message.data = message.data[:-5]

    r = rig()
    outputs = r.pairs(0, 3) + r.pair(300, rgb=short) + r.pair(400, thermal=short)
    outputs += r.pairs(500, 3) + r.session.finish()
    modes = [status.mode for status in statuses(outputs)]
    assert modes == [Mode.FULL] * 3 + [Mode.THERMAL_ONLY, Mode.RGB_ONLY] + [Mode.FULL] * 3
    assert "rgb_rejected" in statuses(outputs)[3].reasons
    line, count = r.session.statistics.problems["rgb_image"]
    assert count == 1
    assert "rgb8" in line
    assert r.session.statistics.rejected == {"rgb": 1, "thermal": 1}


def test_a_frozen_thermal_picture_is_not_used(rig, recording_maker):
    r = rig()
    outputs = r.pairs(0, 3)
    still = recording_maker.picture("thermal", 7)
    for ms in range(300, 900, 100):
        outputs += r.send("rgb", ms) + r.send("thermal", ms + 4, picture=still)
    outputs += r.pairs(900, 2) + r.session.finish()
    modes = [status.mode for status in statuses(outputs)]
    assert modes[:3] == [Mode.FULL] * 3
    assert modes[-2:] == [Mode.FULL] * 2
    frozen = [status for status in statuses(outputs) if "thermal_frozen" in status.reasons]
    assert len(frozen) >= 4
    assert {status.mode for status in frozen} == {Mode.RGB_ONLY}


def test_no_camera_info_no_extrinsics_and_their_arrival(rig):
    r = rig(infos=False, tf=False)
    assert r.pairs(0, 3) == []
    assert "no camera_info" in r.session.statistics.problems["thermal_image"][0]
    r.info("thermal")
    r.info("rgb")
    outputs = r.pairs(300, 2)
    assert {status.mode for status in statuses(outputs)} == {Mode.THERMAL_ONLY}
    assert "no_extrinsics" in statuses(outputs)[0].reasons
    assert "rgb_optical_frame" in r.session.statistics.problems["extrinsics"][0]
    r.tf()
    outputs = r.pairs(500, 2) + r.session.finish()
    assert statuses(outputs)[-1].mode == Mode.FULL


def test_bad_camera_info_keeps_the_geometry_in_force(rig):
    def zero(message):
        message.k = np.zeros(9)

    r = rig()
    r.info("thermal", edit=zero)
    outputs = r.pairs(0, 2) + r.session.finish()
    assert {status.mode for status in statuses(outputs)} == {Mode.FULL}
    assert "thermal/camera_info" in r.session.statistics.problems["thermal/camera_info"][0]


@pytest.mark.parametrize("size", [(20_000, 20_000), (2**32 - 1, 2**32 - 1), (40_000, 1)])
def test_a_camera_info_of_impossible_size_keeps_the_geometry_in_force(rig, size):
    def inflate(message):
        message.width, message.height = size

    r = rig()
    r.info("thermal", edit=inflate)
    outputs = r.pairs(0, 2) + r.session.finish()
    assert {status.mode for status in statuses(outputs)} == {Mode.FULL}
    line, _ = r.session.statistics.problems["thermal/camera_info"]
    assert f"{size[0]}x{size[1]}, expected at most" in line


@pytest.mark.parametrize("focal", [5000.0, 1e12])
def test_a_telephoto_beside_a_wide_thermal_camera(rig, focal):
    def narrow(message):
        message.k = np.array([focal, 0, 32, 0, focal, 24, 0, 0, 1.0])
        message.p = np.array([focal, 0, 32, 0, 0, focal, 24, 0, 0, 0, 1.0, 0])

    r = rig()
    r.info("rgb", edit=narrow)
    outputs = r.pairs(0, 2) + r.session.finish()
    assert [status.mode for status in statuses(outputs)] == [Mode.FULL] * 2


def test_a_size_that_changes_with_its_camera_info_is_followed(rig, recording_maker):
    r = rig()
    outputs = r.pairs(0, 4)
    recording_maker.thermal_size = (60, 44)
    outputs += r.pair(400)  # the picture has changed, camera_info has not
    r.info("thermal")
    outputs += r.pairs(500, 2) + r.session.finish()
    sizes = [(o.message.width, o.message.height) for o in outputs if o.topic == "depth/image"]
    assert sizes == [(40, 32)] * 5 + [(60, 44)] * 2
    assert statuses(outputs)[4].mode == Mode.RGB_ONLY
    assert "60x44" in r.session.statistics.problems["thermal_image"][0]


def test_zero_stamps_are_refused_and_going_back_resumes(rig):
    def unstamped(message):
        message.header.stamp.sec = message.header.stamp.nanosec = 0

    r = rig()
    assert r.send("rgb", 0, edit=unstamped) == []
    assert (
        "rgb/image: stamp is 0 ns, expected more than 0"
        in r.session.statistics.problems["rgb_stamp"][0]
    )
    outputs = r.pairs(10_000, 3)
    outputs += r.pairs(0, 3) + r.session.finish()  # a bag loop
    assert len(statuses(outputs)) == 6
    assert {status.mode for status in statuses(outputs)} == {Mode.FULL}


def test_kelvin_comes_from_the_rig_of_the_recording(rig, recording_maker):
    from rgbt_perception.geometry.rig import Rig as RigFile
    from rgbt_perception.geometry.rig import rig_to_yaml

    text = rig_to_yaml(
        RigFile(
            recording_maker.camera("rgb", (64, 48)),
            recording_maker.camera("thermal", (40, 32)),
            np.eye(4),
            0.01,
            0.0,
        )
    )
    r = rig(infos=False, tf=False)
    r.session.handle(Stream.RIG, string_message(r.factory, text), START)
    outputs = r.pairs(0, 2) + r.session.finish()
    assert {status.mode for status in statuses(outputs)} == {Mode.FULL}
    cloud = next(output.message for output in outputs if output.topic == "points")
    points = np.frombuffer(cloud.data, np.float32).reshape(-1, 7)
    assert 280 < np.nanmean(points[:, 4]) < 310


def test_telemetry_rows_are_cut_whether_camera_info_counts_them_or_not(rig, recording_maker):
    config = with_values(Config(), {"thermal.telemetry_rows_bottom": 2})
    for told in (34, 32):
        recording_maker.thermal_size = (40, 34)
        r = rig(config=config)
        r.info("thermal", size=(40, told))
        outputs = r.pairs(0, 2) + r.session.finish()
        depth = next(output.message for output in outputs if output.topic == "depth/image")
        assert (depth.width, depth.height) == (40, 32)


# What a host with threads of its own uses


def image(r, name, ms):
    stamp = START + ms * MS
    encoding = "rgb8" if name == "rgb" else "mono16"
    picture = r.maker.picture(name, ms)
    return image_message(r.factory, picture, encoding, stamp, f"{name}_optical_frame")


def match_at(r, ms):
    matches = []
    for name, modality in (("rgb", Modality.RGB), ("thermal", Modality.THERMAL)):
        matches += r.session.pair(modality, image(r, name, ms), START + ms * MS)
    return matches


def at_once(r, ms):
    """A pair of equal stamps: there can be no better one, whatever comes."""
    return r.send("rgb", ms) + r.send("thermal", ms)


def test_pairing_and_processing_apart_give_what_handling_gives(rig):
    whole, split = rig(), rig()
    expected = [o for ms in range(0, 500, 100) for o in whole.pair(ms)]
    found = []
    for ms in range(0, 500, 100):
        for name, modality, later in (("rgb", Modality.RGB, 0), ("thermal", Modality.THERMAL, 4)):
            message = image(split, name, ms + later)
            before = split.engine.runs
            matches = split.session.pair(modality, message, START + (ms + later) * MS)
            assert split.engine.runs == before
            for match in matches:
                found += split.session.process(match)
    assert [o.topic for o in found] == [o.topic for o in expected]
    assert statuses(found)[-1].pairs == statuses(expected)[-1].pairs


def test_a_fault_inside_reaches_the_host_and_the_next_match_is_whole(rig):
    r = rig()
    working = r.engine.run
    r.engine.run = lambda inputs, outputs: 1 / 0
    (match,) = match_at(r, 0)
    with pytest.raises(ZeroDivisionError):
        r.session.process(match)
    r.engine.run = working
    (match,) = match_at(r, 100)
    assert statuses(r.session.process(match))[0].mode == Mode.FULL


def test_why_a_match_gave_nothing(rig):
    r = rig(infos=False)
    (match,) = match_at(r, 0)
    assert r.session.process(match) == []
    assert set(r.session.unused) == {"rgb_rejected", "thermal_rejected"}
    assert not r.session.idle
    r = rig(select=lambda index: set())
    (match,) = match_at(r, 0)
    assert r.session.process(match) == []
    assert r.session.idle
    assert r.session.unused == ()


def test_a_status_without_a_result(rig):
    r = rig()
    output = r.session.idle_status(Mode.WAITING, ("no_rgb",), START)
    assert (output.topic, output.type_name, output.stamp_ns) == ("status", TOPICS["status"], START)
    assert output.message.mode == Mode.WAITING
    assert list(output.message.reasons) == ["no_rgb"]
    assert output.message.header.frame_id == "thermal_optical_frame"
    assert list(output.message.stages) == []
    unknown = rig(infos=False).session.idle_status(Mode.FAULT, ("exception",), START)
    assert unknown.message.header.frame_id == ""


def test_other_parameters_hold_from_the_next_match_on_and_the_cameras_stay_known(rig):
    r = rig()
    at_once(r, 0)
    values = {
        "output.cloud_stride": 2,
        "output.max_depth_m": 4.0,
        "thermal.telemetry_rows_top": 2,
        "pairing.tolerance_s": 0.002,
    }
    r.session.reconfigure(with_values(Config(), values))
    r.maker.thermal_size = (40, 34)
    outputs = at_once(r, 100)
    assert statuses(outputs)[0].mode == Mode.FULL
    depth = next(o.message for o in outputs if o.topic == "depth/image")
    assert (depth.width, depth.height) == (40, 32)
    assert set(depth.data.view(np.float32)) == {np.inf}
    cloud = next(o.message for o in outputs if o.topic == "points")
    assert (cloud.width, cloud.height) == (20, 16)
    # 4 ms are beyond the tolerance now.
    outputs = [o for ms in range(200, 600, 100) for o in r.pair(ms)] + r.session.finish()
    assert Mode.FULL not in {status.mode for status in statuses(outputs)}


def test_other_thermal_parameters_keep_the_rig_of_the_recording(rig, recording_maker):
    from rgbt_perception.geometry.rig import Rig as RigFile
    from rgbt_perception.geometry.rig import rig_to_yaml

    cameras = [recording_maker.camera(name, maker_size(recording_maker, name)) for name in NAMES]
    text = rig_to_yaml(RigFile(*cameras, np.eye(4), 0.01, 0.0))
    r = rig(infos=False, tf=False)
    r.session.take(Stream.RIG, string_message(r.factory, text))
    r.session.reconfigure(with_values(Config(), {"thermal.normalization": "fixed"}))
    outputs = at_once(r, 0)
    assert statuses(outputs)[0].mode == Mode.FULL
    cloud = next(output.message for output in outputs if output.topic == "points")
    points = np.frombuffer(cloud.data, np.float32).reshape(-1, 7)
    assert 280 < np.nanmean(points[:, 4]) < 310


def test_a_restart_forgets_what_waits_and_counts_it(rig):
    r = rig()
    r.pairs(10_000, 3)
    assert r.session.pair(Modality.RGB, image(r, "rgb", 10_300), START + 10_300 * MS) == []
    r.session.restart()
    assert r.session.dropped == {"rgb": 1, "thermal": 0}
    assert statuses(r.pairs(0, 2))[-1].mode == Mode.FULL
    assert r.session.dropped == {"rgb": 1, "thermal": 0}


def test_a_host_that_cannot_keep_up_is_degraded(rig):
    r = rig()
    r.session.degraded_by = ("slow",)
    status = statuses(at_once(r, 0))[0]
    assert (status.mode, list(status.reasons)) == (Mode.DEGRADED, ["slow"])
    assert r.session.situation == (Mode.DEGRADED, ("slow",))
    r.session.degraded_by = ()
    assert statuses(at_once(r, 100))[0].mode == Mode.FULL


SCENE = offered_topics(scene=True)


def test_a_scene_network_adds_its_topics(rig):
    r = rig(scene=ConstantSceneEngine(32, 32), select=lambda index: SCENE.keys())
    outputs = r.pairs(0, 2) + r.session.finish()
    by_topic = {output.topic: output for output in outputs}
    assert by_topic.keys() == SCENE.keys() - LATCHED_TOPICS
    for topic, output in by_topic.items():
        assert output.type_name == SCENE[topic]
        assert output.message.header.frame_id == "thermal_optical_frame"
        assert output.stamp_ns == START + 104 * MS
    layouts = {
        topic: (by_topic[topic].message.encoding, by_topic[topic].message.width)
        for topic in SCENE
        if topic.startswith(("fused/image", "semantic/image", "semantic/colored", "debug/s"))
    }
    assert layouts == {
        "fused/image": ("rgb8", 40),
        "semantic/image": ("mono8", 40),
        "semantic/colored": ("rgb8", 40),
        "debug/semantic/rgb": ("mono8", 40),
        "debug/semantic/thermal": ("mono8", 40),
    }
    assert set(by_topic["semantic/image"].message.data) == {1}
    cloud = by_topic["points"].message
    assert set(np.frombuffer(cloud.data, POINT)["label"]) == {1}
    status = by_topic["status"].message
    assert status.scene_model == "constant_scene"
    stages = {stage.stage for stage in status.stages}
    assert {"align", "scene_engine", "fuse", "labels", "label_estimates"} <= stages


def test_the_scene_is_computed_for_who_takes_it_only(rig):
    def stages(*topics):
        r = rig(scene=ConstantSceneEngine(32, 32), select=lambda index: {*topics, "status"})
        return {stage.stage for stage in statuses(r.pairs(0, 2) + r.session.finish())[0].stages}

    assert not {"align", "scene_engine"} & stages("depth/image")
    assert {"scene_engine", "fuse"} <= stages("fused/image")
    assert "labels" not in stages("fused/image")
    assert "fuse" not in stages("semantic/colored")
    assert "labels" in stages("points")


def test_always_computing_computes_all_that_is_usual(rig):
    r = rig(scene=ConstantSceneEngine(32, 32), select=lambda index: set())
    r.session.reconfigure(with_values(Config(), {"host.always_compute": True}))
    assert r.pairs(0, 2) + r.session.finish() == []
    stages = r.session.statistics.snapshot().latencies.keys()
    assert {"depth_engine", "align", "scene_engine", "fuse", "labels", "color"} <= stages
    assert not {"estimates", "label_estimates"} & stages


@pytest.mark.parametrize(
    ("fields", "size", "stages"),
    [
        ("all", 28, {"align", "scene_engine", "labels", "color"}),
        ("xyzrgb", 16, {"color"}),
        ("xyz", 12, set()),
    ],
)
def test_points_cost_what_they_have(rig, fields, size, stages):
    r = rig(scene=ConstantSceneEngine(32, 32), select=lambda index: {"points", "status"})
    r.session.reconfigure(with_values(Config(), {"output.cloud_fields": fields}))
    outputs = at_once(r, 0)
    cloud = next(output.message for output in outputs if output.topic == "points")
    assert (cloud.point_step, len(cloud.data)) == (size, size * 40 * 32)
    if fields != "xyz":
        colors = np.frombuffer(cloud.data, np.uint32).reshape(-1, size // 4)[:, 3]
        assert colors.any()
    taken = {stage.stage for stage in statuses(outputs)[0].stages}
    assert taken & {"align", "scene_engine", "labels", "color"} == stages


def test_the_names_of_the_classes_hold_from_the_start_and_make_nobody_compute(rig):
    r = rig(scene=ConstantSceneEngine(32, 32), select=lambda index: LATCHED_TOPICS)
    (output,) = r.session.announcements(START)
    assert (output.topic, output.type_name) == ("semantic/label_info", LABEL_INFO)
    assert output.message.class_map[8].class_name == "person"
    assert r.pairs(0, 3) + r.session.finish() == []
    assert r.engine.runs == 0
    assert rig().session.announcements(START) == []
