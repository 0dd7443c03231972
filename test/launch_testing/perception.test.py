"""The perception as its launch file starts it, on a simulated rig: every output, a clean end."""

import unittest

import launch_testing
import pytest
from launch import LaunchDescription
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare
from launch_testing_ros import WaitForTopics
from sensor_msgs.msg import CameraInfo

from rgbt_perception.nodes.rclpy_factory import message_class
from rgbt_perception.outputs import TOPICS

# Several Python processes start at once, on whatever is left of the machine.
PATIENCE_S = 60.0
KINDS = {f"/perception/{topic}": message_class(kind) for topic, kind in TOPICS.items()}


@pytest.mark.launch_test
def generate_test_description():
    launch_file = PathJoinSubstitution(
        [FindPackageShare("rgbt_perception"), "launch", "perception.launch.py"]
    )
    return LaunchDescription(
        [
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(launch_file),
                launch_arguments={"engine": "constant"}.items(),
            ),
            Node(package="rgbt_perception", executable="simulator_node", output="screen"),
            launch_testing.actions.ReadyToTest(),
        ]
    )


class TestActive(unittest.TestCase):
    def test_every_output_comes_in_the_view_of_the_thermal_camera(self):
        kinds = {**KINDS, "/thermal/camera_info": CameraInfo}
        with WaitForTopics(list(kinds.items()), PATIENCE_S, 1000) as heard:
            (info, *_) = heard.received_messages("/thermal/camera_info")
            for topic in KINDS:
                message = heard.received_messages(topic)[-1]
                assert message.header.frame_id == info.header.frame_id, topic
                if topic.endswith(("image", "camera_info")):
                    assert (message.width, message.height) == (info.width, info.height), topic
            depth = heard.received_messages("/perception/depth/image")
            stamps = [(m.header.stamp.sec, m.header.stamp.nanosec) for m in depth]
            assert len(set(stamps)) == len(stamps)
            assert {m.encoding for m in depth} == {"32FC1"}

    def test_it_says_how_it_was_loaded(self, proc_output):
        proc_output.assertWaitFor("activate: done", timeout=PATIENCE_S)


@launch_testing.post_shutdown_test()
class TestAfterwards(unittest.TestCase):
    def test_everything_ended_cleanly(self, proc_info, proc_output):
        launch_testing.asserts.assertExitCodes(proc_info)
        text = "".join(line.text.decode(errors="replace") for line in proc_output)
        assert "Traceback" not in text
