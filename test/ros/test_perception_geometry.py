import time

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from ros_bench import LATCHED, SIZES

from rgbt_perception.frames import Mode
from rgbt_perception.nodes.rclpy_factory import message_class
from rgbt_perception.sensing.encode import static_transform_message

QUICK = {"host.status_period_s": 0.1}


def test_camera_info_that_comes_late(bench):
    rig = bench(QUICK)
    rig.ready("depth/image", "status")
    rig.listen_diagnostics()
    rig.feed_until(lambda: "no_camera_info_rgb" in reasons(rig), infos=False)
    words = "/rgb/camera_info: published, but nothing has come"
    rig.feed_until(
        lambda: any(words in text(s) for s in rig.statuses("rgb/camera_info")), infos=False
    )
    assert "no_camera_info_thermal" in reasons(rig)
    assert rig.modes[-1] == Mode.WAITING
    assert rig.got["depth/image"] == []
    rig.feed_until(lambda: rig.both())


@pytest.mark.parametrize(
    ("known", "mode", "words"),
    [
        ("thermal", Mode.THERMAL_ONLY, {"rgb_rejected"}),
        ("rgb", Mode.RGB_ONLY, {"thermal_rejected", "reference_geometry_unknown"}),
    ],
)
def test_camera_info_of_one_camera_is_absent(bench, known, mode, words):
    rig = bench(QUICK)
    rig.ready("depth/image", "status")
    info = rig.publishers[f"{known}/camera_info"]

    def send_its_info():
        info.publish(rig.info(known, rig.stamp(known, rig.index)))
        rig.feed(1, infos=False)
        return mode in rig.modes and rig.got["depth/image"]

    rig.until(send_its_info)
    assert words <= set(reasons(rig))
    # In the view of the camera that is known.
    message = rig.got["depth/image"][-1]
    assert message.header.frame_id == f"{known}_optical_frame"
    assert (message.width, message.height) == SIZES[known]


def test_camera_may_change_its_resolution(bench):
    rig = bench(QUICK)
    rig.ready("depth/image", "status")
    rig.feed_until(lambda: rig.both())
    bigger = {"rgb": (128, 96), "thermal": (80, 64)}
    rig.feed_until(
        lambda: rig.got["depth/image"] and rig.got["depth/image"][-1].width == 80, size=bigger
    )
    count = len(rig.modes)
    rig.feed_until(lambda: rig.both(count), size=bigger)


@pytest.mark.parametrize("zero", ["fx", "all", "size", "nan"])
def test_camera_info_of_zeros_is_refused_with_the_field_named(bench, zero):
    rig = bench(QUICK)
    rig.ready("status")
    rig.listen_diagnostics()
    info = rig.info("rgb", rig.start_ns)
    if zero == "fx":
        info.k[0] = 0.0
    elif zero == "all":
        info.k[:] = 0.0
        info.p[:] = 0.0
    elif zero == "nan":
        info.k[4] = float("nan")
    else:
        info.width = 0

    def send():
        rig.publishers["rgb/camera_info"].publish(info)
        stamp = rig.stamp("thermal", rig.index)
        rig.publishers["thermal/camera_info"].publish(rig.info("thermal", stamp))
        rig.feed(1, infos=False)
        return any("rgb/camera_info" in text(s) for s in rig.statuses("") if s.level > b"\0")

    rig.until(send)
    count = len(rig.modes)
    rig.feed_until(lambda: rig.both(count))


def test_transform_that_comes_late(bench):
    rig = bench(QUICK)
    rig.listen("status")
    rig.listen_diagnostics()
    rig.advertise()
    rig.start()
    rig.matched()
    rig.feed_until(lambda: "no_extrinsics" in reasons(rig))
    rig.feed_until(lambda: Mode.THERMAL_ONLY in rig.modes)

    def said(*words):
        return any(all(w in s.message for w in words) for s in rig.statuses("tf_static"))

    rig.feed_until(lambda: said("/tf_static", "no publisher"))
    other = static_transform_message(rig.factory, "base_link", "lidar", np.eye(4), rig.start_ns)
    kind = message_class("tf2_msgs/msg/TFMessage")
    rig.node.create_publisher(kind, "/tf_static", LATCHED).publish(other)
    rig.feed_until(
        lambda: said(
            "rgb_optical_frame", "thermal_optical_frame", "offered frames base_link, lidar"
        )
    )
    rig.extrinsics()
    rig.feed_until(lambda: rig.both())


def test_transform_may_be_corrected_while_it_runs(bench):
    rig = bench(QUICK)
    rig.ready("points", "status")
    rig.feed_until(lambda: rig.both())
    session = rig.perception._active.runner.session
    before = session.assembly.thermal_T_rgb()
    transform = np.eye(4)
    transform[0, 3] = 0.3
    message = static_transform_message(
        rig.factory, "base_link", "rgb_optical_frame", transform, rig.start_ns
    )
    kind = message_class("tf2_msgs/msg/TFMessage")
    rig.node.create_publisher(kind, "/tf_static", LATCHED).publish(message)
    rig.feed_until(lambda: session.assembly.thermal_T_rgb()[0, 3] == pytest.approx(0.3))
    assert before[0, 3] == pytest.approx(0.1)


def test_both_cameras_in_one_frame_need_no_transform(bench):
    rig = bench(QUICK)
    rig.listen("status")
    rig.advertise()
    rig.start()
    rig.matched()

    def send():
        for camera in SIZES:
            stamp = rig.stamp(camera, rig.index)
            info, image = rig.info(camera, stamp), rig.image(camera, rig.index, stamp)
            info.header.frame_id = image.header.frame_id = "camera"
            rig.publishers[f"{camera}/camera_info"].publish(info)
            rig.publishers[f"{camera}/image"].publish(image)
        rig.index += 1
        time.sleep(0.05)
        return rig.both()

    rig.until(send)


def test_rig_file_replaces_camera_info_and_transforms(bench, tmp_path):
    from rgbt_perception.geometry.rig import Rig, rig_to_yaml

    rig = bench_with_rig_file(bench, tmp_path, Rig, rig_to_yaml)
    rig.feed_until(lambda: rig.both(), infos=False)
    names = dict(rig.node.get_topic_names_and_types())
    assert rig.node.count_subscribers("/rgb/camera_info") == 0, names


def bench_with_rig_file(bench, tmp_path, kind, to_yaml):
    path = tmp_path / "rig.yaml"
    thermal_T_rgb = np.eye(4)
    thermal_T_rgb[0, 3] = 0.1
    from ros_bench import Bench

    cameras = {name: Bench.camera(None, name) for name in SIZES}
    path.write_text(to_yaml(kind(cameras["rgb"], cameras["thermal"], thermal_T_rgb)))
    rig = bench({**QUICK, "rig": str(path)})
    rig.listen("status")
    for camera in SIZES:
        rig.publisher(f"{camera}/image", "sensor_msgs/msg/Image")
    rig.start()
    rig.matched()
    return rig


def reasons(rig):
    return rig.got["status"][-1].reasons if rig.got["status"] else []


def text(status):
    return " ".join([status.name, status.message, *(value.value for value in status.values)])
