"""The host among real topics: the cameras are in another process."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("cyclonedds", reason="needs the extra [live]")

from host_bench import NETWORK
from rig_peer import SIZES, START_NS
from service_client import ServiceClient

from rgbt_perception.engines.constant import DEPTH_M, ConstantSceneEngine
from rgbt_perception.frames import Mode
from rgbt_perception.hosting.interfaces import DIAGNOSTICS, DIAGNOSTICS_TYPE, Qos
from rgbt_perception.live.host import IDLE, Place
from rgbt_perception.live.overview import overview
from rgbt_perception.live.parameter_messages import value_message
from rgbt_perception.outputs import TOPICS
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.sensing.decode import stamp_of

RIG = """
rgb: {width: 64, height: 48, frame_id: rgb_optical_frame, distortion_model: plumb_bob,
      k: [51.2, 0, 31.5, 0, 51.2, 23.5, 0, 0, 1], d: [0, 0, 0, 0, 0]}
thermal: {width: 40, height: 32, frame_id: thermal_optical_frame, distortion_model: plumb_bob,
          k: [32, 0, 19.5, 0, 32, 15.5, 0, 0, 1], d: [0, 0, 0, 0, 0]}
thermal_T_rgb: {translation: [0.1, 0, 0], rotation_xyzw: [0, 0, 0, 1]}
"""


def test_every_output_of_every_pair(start, cameras, feed, inbox, ready, until):
    host = start()
    ready(host, inbox)
    inbox.subscribe(*(set(TOPICS) - {"status"}))
    until(lambda: host.publishers.wanted() == set(TOPICS), "subscriptions")
    feed(host, first_ms=0, count=8)
    until(lambda: all(len(inbox[topic]) >= 8 for topic in set(TOPICS) - {"status"}))
    for topic in set(TOPICS) - {"status"}:
        messages = inbox[topic]
        assert len(messages) == 8, topic
        stamps = [stamp_of(message) - START_NS for message in messages]
        assert stamps == [(4 + 40 * index) * 1_000_000 for index in range(8)]
        assert {m.header.frame_id for m in messages} == {"thermal_optical_frame"}
        assert {(m.width, m.height) for m in messages} == {SIZES["thermal"]}
        if topic.endswith("image") or topic.startswith("debug"):
            assert {m.encoding for m in messages} == {"32FC1"}
    depth = inbox["depth/image"][0].data.view(np.float32)
    assert np.allclose(depth[np.isfinite(depth)], DEPTH_M)
    until(lambda: inbox.modes() == [Mode.FULL] * 8)
    last = [status for status in inbox["status"] if status.mode == Mode.FULL][-1]
    assert (last.pairs, last.dropped_rgb, last.dropped_thermal, last.rejected) == (8, 0, 0, 0)
    assert {"sensing", "depth_engine", "encode"} <= {stage.stage for stage in last.stages}


def test_a_scene_network_adds_its_outputs(start, feed, inbox, ready, until):
    host = start(scene=ConstantSceneEngine(64, 32))
    ready(host, inbox)
    pictures = {"fused/image": "rgb8", "semantic/image": "mono8", "semantic/colored": "rgb8"}
    inbox.subscribe(*pictures, "semantic/label_info")
    # Sent when the host began, before anybody listened.
    until(lambda: inbox["semantic/label_info"], "the names of the classes")
    assert inbox["semantic/label_info"][0].class_map[8].class_name == "person"
    until(lambda: host.session.wanted() == {*pictures, "status"}, "subscriptions")
    feed(host, first_ms=0, count=8)
    until(lambda: all(len(inbox[topic]) == 8 for topic in pictures))
    for topic, encoding in pictures.items():
        found = {(m.encoding, m.width, m.height) for m in inbox[topic]}
        assert found == {(encoding, *SIZES["thermal"])}
    assert {status.scene_model for status in inbox["status"]} == {"constant_scene"}
    host.gallery.look()
    assert {"fused/image", "semantic/colored", "depth/image"} <= host.session.wanted()


def test_a_node_of_the_graph_that_is_lazy(start, cameras, observer, inbox, until):
    host = start(place=Place(NETWORK, "/front", {"rgb/image": "/rgb/image"}))
    until(lambda: "/front/perception" in observer.nodes())
    expected = {f"/front/perception/{topic}": [kind] for topic, kind in TOPICS.items()}
    expected["/rgb/image"] = expected["/front/thermal/image"] = ["sensor_msgs/msg/Image"]
    until(lambda: expected.items() <= observer.topics().items())

    # The name of an endpoint's node comes after the endpoint.
    def wanted():
        return [(end.node, end.reliable) for end in observer.subscriptions("/rgb/image")]

    until(lambda: wanted() == [("/front/perception", False)])
    for camera in SIZES:
        cameras("info", camera=camera)
    until(lambda: host.mode() == (Mode.WAITING, (IDLE,)))
    assert host.engine.runs == 0
    # The page of --view is a taker as well.
    assert host.session.wanted() == set()
    host.gallery.look()
    assert host.session.wanted() == {"depth/image", "confidence/image"}


def test_compressed_pictures_are_taken_where_only_they_are_offered(start, cameras, inbox, until):
    host = start()
    inbox.subscribe("status")
    for camera in SIZES:
        cameras("advertise", topic=f"/{camera}/image/compressed")
    cameras("tf")

    def follows():
        host.tick()
        return {"/rgb/image/compressed", "/thermal/image/compressed"} <= {
            *host.inputs.topics().values()
        }

    until(follows)

    def full():
        for camera in SIZES:
            cameras("info", camera=camera)
        cameras("pictures", first_ms=full.ms, count=2, codec="yes")
        full.ms += 80
        return Mode.FULL in inbox.modes()

    full.ms = 0
    until(full)


def test_incompatible_qos_is_named_with_both_sides(start, cameras, until, caplog):
    host = start(**{"qos.rgb_image": "reliable"})
    cameras("advertise", topic="/rgb/image", reliable=False)
    until(lambda: host.node.endpoints("/rgb/image"))

    def told():
        host.tick()
        return any("incompatible QoS" in problem.text for problem in host.monitor.problems)

    until(told)
    text = next(p.text for p in host.monitor.problems if "incompatible" in p.text)
    for part in ("/rgb/image", "best effort", "reliable", "for "):
        assert part in text
    host.tick()
    assert sum("incompatible QoS" in record.message for record in caplog.records) == 1


def test_diagnostics_name_every_input_and_the_pipeline(start, observer, until):
    host = start()
    arrays = []
    observer.reader(
        DIAGNOSTICS, DIAGNOSTICS_TYPE, Qos(True), lambda topic, message, ns: arrays.append(message)
    )

    def arrived():
        host.tick()
        return arrays

    until(arrived)
    names = {status.name for status in arrays[-1].status}
    parts = ("rgb/image", "rgb/camera_info", "thermal/image", "tf_static", "pipeline", "watchdog")
    assert {f"perception: {part}" for part in parts} <= names


def test_the_page_shows_what_the_host_has_while_somebody_looks(start, inbox, feed, ready, until):
    host = start()
    ready(host, inbox)
    feed(host, first_ms=0, count=3)
    results = ("depth", "confidence", "fused", "labels")
    assert host.gallery.numbers == {"rgb": 3, "thermal": 3, **dict.fromkeys(results, 0)}
    host.gallery.look()
    feed(host, first_ms=120, count=1)
    host.gallery.look()
    feed(host, first_ms=160, count=3)
    until(lambda: host.gallery.numbers["confidence"] > 0)
    there = {kind for kind in host.gallery.numbers if host.gallery.jpeg(kind)}
    assert there == {"rgb", "thermal", "depth", "confidence"}  # no scene network
    # Built for the page, not sent to the graph: nobody subscribes there.
    assert host.publishers.wanted() == {"status"}
    host.monitor.check(host.inputs.offers())
    shown = overview(host)
    assert shown.title == f"/perception, DDS domain {NETWORK.domain}"
    assert (shown.mode, shown.reasons, shown.problems) == (Mode.FULL, (), ())
    streams = {stream.name: stream for stream in shown.streams}
    assert streams["thermal/image"].received == 7
    assert streams["thermal/image"].detail == "40x32 mono16"
    assert shown.counters["results"] == shown.counters["pairs"] == shown.modes["FULL"]
    assert shown.outputs["/perception/status"] == 1
    assert shown.stages["total"][0] > 0


def test_a_rig_file_replaces_camera_info_and_tf(start, cameras, feed, inbox, until, tmp_path):
    rig = tmp_path / "rig.yaml"
    rig.write_text(RIG)
    host = start(rig=str(rig))
    assert {stream.value for stream in host.inputs.topics()} == {"rgb/image", "thermal/image"}
    inbox.subscribe("status")
    for camera in SIZES:
        cameras("advertise", topic=f"/{camera}/image")
    until(lambda: inbox.said("no_rgb", "no_thermal"))

    def full():
        feed(host, first_ms=full.ms, count=2)
        full.ms += 80
        return Mode.FULL in inbox.modes()

    full.ms = 0
    until(full)


def test_parameters_are_changed_while_it_runs(start, feed, inbox, ready, until):
    """By a service, as `ros2 param set` does."""
    host = start()
    ready(host, inbox)
    inbox.subscribe("points")
    until(lambda: "points" in host.publishers.wanted())
    feed(host, first_ms=0, count=3)
    until(lambda: inbox["points"])
    service = "rcl_interfaces/srv/SetParameters"
    client = ServiceClient(NETWORK.domain, "/perception/set_parameters", service)
    make = RosbagsFactory().make

    def change(name, value):
        message = value_message(make, value)
        parameter = make("rcl_interfaces/msg/Parameter", name=name, value=message)
        return client.ask(parameters=[parameter]).results[0]

    assert change("output.cloud_stride", 2).successful
    assert change("engine.threads", 2).reason.startswith("parameter engine.threads = 2: fixed")
    assert host.config.output.cloud_stride == 2
    feed(host, first_ms=120, count=3)
    width, height = SIZES["thermal"]
    small = (width // 2, height // 2)

    def sizes():
        return [(cloud.width, cloud.height) for cloud in inbox["points"]]

    until(lambda: sizes()[-1] == small)
    # None of another size came after the first small one.
    assert sizes() == sorted(sizes(), reverse=True)
    assert set(sizes()) == {(width, height), small}
