"""The launch files, run with `ros2 launch` on a real ROS 2."""

import json
import subprocess

import pytest

pytest.importorskip("launch_ros", reason="needs ROS 2 (launch_ros)")
pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from ament_index_python.packages import PackageNotFoundError, get_package_prefix
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from ros_launch import Launch, installed_package
from sensor_msgs.msg import Image


@pytest.fixture
def start(tmp_path):
    installed_package()
    made = []

    def start(name, **arguments):
        made.append(Launch(tmp_path / f"{len(made)}.log", name, **arguments))
        return made[-1]

    yield start
    for one in made:
        one.kill()


def state(ear, node="/perception"):
    return ear.call(GetState, f"{node}/get_state", GetState.Request()).current_state.label


def has_rviz():
    try:
        return get_package_prefix("rviz2")
    except PackageNotFoundError:
        return None


def ended_cleanly(launch):
    return "Traceback" not in launch.text and "process has died" not in launch.text


@pytest.mark.parametrize("way", ["autostart", "lifecycle"])
def test_both_ways_to_start_end_in_an_active_node(start, ear, way):
    launch = start("perception", engine="constant", start=way)
    ear.wait(lambda: state(ear) == "active")
    assert launch.interrupt() == 0
    assert ended_cleanly(launch), launch.text


def test_manual_leaves_it_to_somebody_else(start, ear):
    launch = start("perception", engine="constant", start="manual")
    assert state(ear) == "unconfigured"
    for transition in (Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE):
        request = ChangeState.Request(transition=Transition(id=transition))
        assert ear.call(ChangeState, "/perception/change_state", request).success
    assert state(ear) == "active"
    assert launch.interrupt() == 0


def test_topics_can_be_renamed_from_the_command_line(start, ear):
    names = {"rgb_image": "/cam0/raw", "thermal_camera_info": "/ir/info"}
    launch = start("perception", engine="constant", rviz="true", **names)
    count = ear.node.count_subscribers
    ear.wait(lambda: count("/cam0/raw") and count("/ir/info"))
    assert count("/rgb/camera_info")
    assert not count("/rgb/image")
    assert not count("/thermal/camera_info")
    if not has_rviz():
        assert "rviz2 is not installed" in launch.text


def test_two_rigs_side_by_side(start, ear):
    sides = ("front", "rear")
    found = {side: ear.hear(Image, f"/{side}/perception/depth/image") for side in sides}
    launches = [
        start(
            "simulation",
            namespace=side,
            frame_prefix=f"{side}/",
            engine="constant",
            evaluation="false",
        )
        for side in sides
    ]
    ear.wait(lambda: all(found.values()))
    for side in sides:
        assert found[side][0].header.frame_id == f"{side}/thermal_optical_frame"
    for launch in launches:
        assert launch.interrupt() == 0
        assert ended_cleanly(launch), launch.text


@pytest.mark.parametrize("everything", [True, False])
def test_the_simulation_is_scored_until_it_is_stopped(start, tmp_path, everything):
    less = {} if everything else {"estimates": "false", "labels": "false"}
    launch = start("simulation", engine="constant", out=str(tmp_path / "scores"), **less)
    launch.until("abs_rel")
    assert launch.interrupt() == 0
    assert ended_cleanly(launch), launch.text
    metrics = json.loads((tmp_path / "scores/metrics.json").read_text())
    assert metrics["frames"] > 0
    (score,) = metrics["conditions"].values()
    estimates = {"fused", "rgb", "thermal", "ungated"} if everything else {"fused"}
    assert set(score["depth"]) == estimates
    assert ("segmentation" in score) == everything


def test_a_replay_that_cannot_start_ends_with_the_reason(start, tmp_path):
    launch = start("replay", depth_model="/nowhere/model.onnx", out=str(tmp_path / "scores"))
    launch.ends()
    assert "/nowhere/model.onnx" in launch.text
    assert "the perception could not be started" in launch.text
    assert "Traceback" not in launch.text


def test_a_replay_in_a_namespace_ends_by_itself_with_a_report(start, tmp_path):
    help_text = subprocess.run(
        ["ros2", "bag", "--help"], capture_output=True, text=True, check=False
    )
    if help_text.returncode:
        pytest.skip("needs ros2 bag (rosbag2)")
    out = str(tmp_path / "scores")
    launch = start("replay", engine="constant", namespace="front", out=out)
    assert launch.ends() == 0
    assert ended_cleanly(launch), launch.text
    metrics = json.loads((tmp_path / "scores/metrics.json").read_text())
    assert metrics["frames"] >= 30
    assert set(metrics["modes"]) >= {"FULL", "RGB_ONLY", "THERMAL_ONLY"}
    score = metrics["conditions"]["street/night/smoke"]
    assert set(score["segmentation"]) == {"fused"}
