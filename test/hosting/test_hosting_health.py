"""What is wrong is said with topic, offer, wish and time; and nothing else is."""

from __future__ import annotations

import pytest
from live_rig import (
    FACTORY,
    IMAGE_STREAMS,
    INFO_STREAMS,
    MS,
    START,
    Published,
    info,
    make_session,
    picture,
    transforms,
)

from rgbt_perception.config import Config, with_values
from rgbt_perception.hosting.diagnostics import diagnostics_message
from rgbt_perception.hosting.graph import Endpoint
from rgbt_perception.hosting.health import Health
from rgbt_perception.hosting.input_health import InputTopic
from rgbt_perception.hosting.interfaces import INPUT_TYPES, input_qos, input_topics
from rgbt_perception.hosting.runner import Runner
from rgbt_perception.hosting.throttle import FaultLog, ProblemLog
from rgbt_perception.hosting.watchdog import Level
from rgbt_perception.recording.types import typestore
from rgbt_perception.session import IMAGES, Stream

S = 1_000_000_000


class Scene:
    """A runner whose worker is the test, on a clock of its own, and publishers to be edited."""

    def __init__(self, config=None):
        self.now = 0
        self.config = config or Config()
        self.session, self.engine = make_session(self.config)
        self.runner = Runner(
            self.session,
            Published(),
            on_fault=lambda fault: None,
            clock=lambda: self.now,
            stamp=lambda: START + self.now,
        )
        self.health = Health(self.runner, self.now)
        names = input_topics()
        self.topics = {stream: (names[stream], INPUT_TYPES[stream]) for stream in Stream}
        latched = (Stream.TF_STATIC, Stream.RIG)
        self.endpoints = {
            stream: [Endpoint("/driver", INPUT_TYPES[stream], True, stream in latched)]
            for stream in Stream
        }
        self.silent = set()
        self.encodings = {}
        self.tf = transforms()
        self.zero_k = False

    def send(self, stream):
        if stream in self.silent:
            return
        if stream in IMAGES:
            name = IMAGES[stream].value
            message = picture(name, self.now / MS, self.encodings.get(name))
        elif stream is Stream.TF_STATIC:
            message = self.tf
        else:
            message = info(stream.value.partition("/")[0])
            message.k = message.k * (not self.zero_k)
        self.runner.arrived(stream, message)
        if stream not in IMAGES:
            self.session.take(stream, message)
            return
        for match in self.session.pair(IMAGES[stream], message, self.now):
            self.runner._process(match, self.now)

    def run(self, seconds):
        """Everything comes at 10 Hz; what is found in the end."""
        for _ in range(round(seconds * 10)):
            self.now += 100 * MS
            for stream in (Stream.TF_STATIC, *INFO_STREAMS.values(), *IMAGE_STREAMS.values()):
                self.send(stream)
            for match in self.session.wait(self.now):
                self.runner._process(match, self.now)
            self.runner._tell_waiting()
            if self.now % S == 0:
                self.assess()
        return {finding.name: finding for finding in self.assess()}

    def assess(self):
        wanted = input_qos(self.config.qos)
        inputs = {
            stream: InputTopic(name, kind, wanted[stream], self.endpoints.get(stream, ()))
            for stream, (name, kind) in self.topics.items()
        }
        return self.health.assess(inputs, self.now)

    def problems(self, seconds):
        return {f.name: f for f in self.run(seconds).values() if f.problem}


@pytest.fixture
def scene():
    return Scene()


def test_all_is_well(scene):
    findings = scene.run(6)
    assert {finding.level for finding in findings.values()} == {Level.OK}
    assert findings["rgb/image"].message == "/rgb/image: 10.0 Hz"
    values = findings["thermal/image"].values
    assert values["encoding"] == "mono16"
    assert values["size"] == "40x32"
    assert values["wanted"] == "best effort, volatile"
    assert values["offered"] == "reliable, volatile by /driver"
    pipeline = findings["pipeline"].values
    assert pipeline["mode"] == "FULL"
    assert pipeline["engine"] == "trial"
    assert pipeline["weights_sha256"] == "0" * 64
    assert pipeline["depth_file"] == "fp32"
    assert pipeline["results"] == "60"
    assert float(pipeline["rate_hz"]) == pytest.approx(10, rel=0.05)
    assert pipeline["depth_engine_ms"].startswith("last ")
    assert findings["pipeline"].message == "FULL; 10.0 Hz"


def test_a_system_that_starts_is_not_broken(scene):
    scene.silent = set(Stream)
    scene.endpoints = {}
    findings = scene.run(1)
    assert findings["rgb/image"].message == "/rgb/image: waiting"
    for _ in range(10):
        assert {finding.level for finding in findings.values()} == {Level.OK}
        findings = scene.run(0.1)
    # Somebody subscribes, and no result comes.
    assert not scene.runner.watchdog.is_idle
    findings = scene.run(0.5)
    assert findings["watchdog"].message.startswith("no result for 2.")
    assert {finding.level for finding in findings.values()} == {Level.OK}
    assert scene.run(1)["watchdog"].level is Level.ERROR


@pytest.mark.parametrize(
    "stream", [Stream.RGB_IMAGE, Stream.THERMAL_IMAGE, Stream.RGB_INFO, Stream.TF_STATIC]
)
def test_a_missing_topic(scene, stream):
    scene.silent = {stream}
    scene.endpoints[stream] = []
    finding = scene.problems(8)[stream.value]
    assert (finding.level, finding.problem) == (Level.WARN, "no_publisher")
    topic = scene.topics[stream][0]
    assert finding.message.startswith(f"{topic}: no publisher; wanted {INPUT_TYPES[stream]}, ")
    assert finding.message.endswith("; for 8.0 s")
    assert finding.since_ns == 0


def test_the_two_incompatible_qualities_of_service():
    for stream, values in (
        (Stream.THERMAL_IMAGE, {"qos.thermal_image": "reliable"}),
        (Stream.TF_STATIC, {}),
    ):
        scene = Scene(with_values(Config(), values))
        type_name = INPUT_TYPES[stream]
        # A best-effort publisher; a volatile one.
        reliable = stream is Stream.TF_STATIC
        scene.endpoints[stream] = [Endpoint("/camera", type_name, reliable, False)]
        scene.silent = {stream}
        finding = scene.problems(5)[stream.value]
        assert finding.problem == "incompatible_qos"
        offered = "reliable, volatile" if reliable else "best effort, volatile"
        wanted = "reliable, transient local" if reliable else "reliable, volatile"
        assert f"offered {type_name}, {offered} by /camera" in finding.message
        assert f"wanted {type_name}, {wanted}" in finding.message
        # A second publisher that fits, but sends nothing, is another matter.
        scene.endpoints[stream].append(Endpoint("/b", type_name, True, True))
        assert scene.problems(1)[stream.value].problem == "silent"


def test_another_type(scene):
    compressed = "sensor_msgs/msg/CompressedImage"
    scene.endpoints[Stream.RGB_IMAGE] = [Endpoint("/driver", compressed, True, False)]
    scene.silent = {Stream.RGB_IMAGE}
    finding = scene.problems(2)["rgb/image"]
    assert finding.problem == "wrong_type"
    assert f"offered {compressed}" in finding.message
    assert "wanted sensor_msgs/msg/Image" in finding.message


def test_a_camera_that_stops_is_told_with_the_time_of_its_last_picture(scene):
    scene.run(5)
    scene.silent = {Stream.RGB_IMAGE}
    problems = scene.problems(4)
    assert problems["rgb/image"].problem == "silent"
    assert "nothing comes any more" in problems["rgb/image"].message
    assert problems["rgb/image"].message.endswith("for 4.0 s")
    assert problems["rgb/image"].since_ns == 5 * S
    assert problems["pipeline"].level is Level.WARN
    assert problems["pipeline"].message.startswith("THERMAL_ONLY: rgb_lost; 9.6 Hz; for ")
    scene.silent = set()
    assert scene.problems(2) == {}


def test_no_camera_is_an_error_of_the_pipeline_and_of_the_watchdog(scene):
    scene.run(5)
    scene.silent = {Stream.RGB_IMAGE, Stream.THERMAL_IMAGE}
    problems = scene.problems(5)
    assert problems["pipeline"].level is Level.ERROR
    assert problems["pipeline"].message.startswith("WAITING: no_rgb, no_thermal; for ")
    assert problems["watchdog"].level is Level.ERROR
    assert problems["watchdog"].message.startswith("no result for ")


def test_no_camera_info_is_said_once_and_of_its_own_topic(scene):
    scene.silent = {Stream.THERMAL_INFO}
    problems = scene.problems(6)
    assert set(problems) == {"thermal/camera_info", "pipeline"}
    assert "/thermal/camera_info: published, but nothing has come" in (
        problems["thermal/camera_info"].message
    )


def test_a_camera_info_of_zeros(scene):
    scene.zero_k = True
    finding = scene.problems(6)["thermal/camera_info"]
    assert finding.problem == "refused"
    assert finding.message.startswith("/thermal/camera_info: ")
    assert "expected" in finding.message


def test_a_wrong_encoding_until_it_is_right_again(scene):
    scene.run(5)
    scene.encodings["rgb"] = "32FC9"
    problems = scene.problems(3)
    finding = problems["rgb/image"]
    assert finding.problem == "refused"
    assert finding.message.startswith("/rgb/image: ")
    assert "32FC9" in finding.message
    assert "expected" in finding.message
    assert 2 * S <= scene.now - finding.since_ns <= 4 * S
    assert finding.values["rejected"] == "30"
    assert problems["pipeline"].message.startswith("THERMAL_ONLY: rgb_rejected")
    scene.encodings.clear()
    assert scene.problems(4) == {}


def test_transforms_that_do_not_connect_the_cameras(scene):
    scene.tf = transforms("base_link", "rgb_optical_frame")
    finding = scene.problems(5)["tf_static"]
    assert finding.message.startswith(
        "/tf_static: no transform from 'rgb_optical_frame' to 'thermal_optical_frame'; "
        "offered frames base_link, rgb_optical_frame; wanted it there or in a rig file; for "
    )
    scene.tf = transforms()
    assert scene.problems(2) == {}


def test_a_latched_transform_stays_refused_until_another_one_comes(scene):
    scene.tf.transforms[0].transform.rotation.w = 0.0
    scene.run(0.1)
    scene.silent = {Stream.TF_STATIC}
    finding = scene.problems(8)["tf_static"]
    assert finding.problem == "refused"
    assert (
        "quaternion [0.0, 0.0, 0.0, 0.0]: expected four numbers of unit length" in finding.message
    )
    assert finding.values["received"] == "1"
    scene.tf = transforms()
    scene.silent = set()
    assert "tf_static" not in scene.problems(0.1)


def test_a_fault_is_an_error_with_the_exception(scene):
    scene.run(4)
    scene.engine.fault = ValueError("broken\nthing")
    finding = scene.problems(1)["pipeline"]
    assert finding.level is Level.ERROR
    assert finding.message.startswith("FAULT: exception; ValueError: broken thing; for ")
    assert finding.values["faults"] == "10"
    scene.engine.fault = None
    assert scene.problems(1) == {}


def test_the_time_of_a_problem_grows_while_it_lasts(scene):
    scene.silent = {Stream.RGB_IMAGE}
    first = scene.problems(5)["rgb/image"]
    second = scene.problems(5)["rgb/image"]
    assert first.since_ns == second.since_ns
    assert first.message.replace("5.0 s", "10.0 s") == second.message


# Diagnostics and log


def test_diagnostics_are_valid_messages(scene):
    findings = scene.run(4).values()
    message = diagnostics_message(FACTORY, list(findings), "/front/perception", 1_500_000_000)
    store = typestore()
    data = store.serialize_cdr(message, "diagnostic_msgs/msg/DiagnosticArray")
    back = store.deserialize_cdr(data, "diagnostic_msgs/msg/DiagnosticArray")
    assert back.header.stamp.sec == 1
    names = [status.name for status in back.status]
    assert names[0] == "front/perception: rgb/image"
    assert len(set(names)) == len(findings)
    values = {pair.key: pair.value for pair in back.status[names.index(names[-2])].values}
    assert values["mode"] == "FULL"


def test_a_lasting_problem_is_logged_once_an_interval_and_its_end_once(scene):
    warned, informed = [], []
    log = ProblemLog(warned.append, informed.append, interval_ns=10 * S)
    scene.run(4)
    scene.silent = {Stream.RGB_IMAGE}
    for _ in range(25):
        scene.run(1)
        log.report(scene.assess(), scene.now)
    about = [line for line in warned if line.startswith("/rgb/image")]
    assert len(about) == 3
    # What follows from it was said when it began, before the stream counted as silent.
    assert [line for line in warned if line not in about] == [warned[0]]
    assert warned[0].startswith("THERMAL_ONLY: rgb_lost")
    scene.silent = set()
    scene.run(2)
    log.report(scene.assess(), scene.now)
    log.report(scene.assess(), scene.now)
    assert [line for line in informed if line.startswith("rgb/image")] == [
        "rgb/image: all right again: /rgb/image: 10.0 Hz"
    ]


def test_what_follows_from_an_input_is_not_logged_beside_it_but_a_fault_is(scene):
    warned = []
    log = ProblemLog(warned.append, lambda line: None)
    scene.silent = {Stream.RGB_IMAGE}
    scene.endpoints[Stream.RGB_IMAGE] = []
    scene.run(6)
    log.report(scene.assess(), scene.now)
    assert len(warned) == 1
    assert warned[0].startswith("/rgb/image: no publisher")
    scene.engine.fault = ValueError("broken")
    scene.run(1)
    log.report(scene.assess(), scene.now)
    assert len(warned) == 2
    assert warned[1].startswith("FAULT: exception; ValueError: broken")


def test_faults_are_logged_by_kind_with_their_count():
    lines = []
    log = FaultLog(lines.append, interval_ns=10 * S)
    assert log.report(ValueError("a\nb"), 0)
    for second in range(1, 10):
        assert not log.report(ValueError("c"), second * S)
    assert log.report(KeyError("d"), 5 * S)
    assert log.report(ValueError("e"), 10 * S)
    assert lines[0].endswith("ValueError: a b")
    assert lines[2].endswith("ValueError: e; 9 more since the last line")
