"""A recording played by `ros2 bag play` through the perception, with a report at the end."""

import json
import tempfile
import unittest
from pathlib import Path

import launch_testing
import pytest
from launch import LaunchDescription
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare
from launch_testing_ros import WaitForTopics
from sensor_msgs.msg import Image

PATIENCE_S = 120.0


@pytest.mark.launch_test
def generate_test_description():
    launch_file = PathJoinSubstitution(
        [FindPackageShare("rgbt_perception"), "launch", "replay.launch.py"]
    )
    out = tempfile.TemporaryDirectory()
    replay = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(launch_file),
        launch_arguments={"engine": "constant", "out": out.name}.items(),
    )
    return LaunchDescription([replay, launch_testing.actions.ReadyToTest()]), {"out": out}


class TestWhileItPlays(unittest.TestCase):
    def test_depth_comes_with_the_recording_s_time_until_its_end(self, proc_info):
        with WaitForTopics([("/perception/depth/image", Image)], PATIENCE_S) as heard:
            # When the sample was recorded, not now.
            stamp = heard.received_messages("/perception/depth/image")[0].header.stamp
            assert stamp.sec // 100 == 17_000_000
        proc_info.assertWaitForShutdown("player", timeout=PATIENCE_S)


@launch_testing.post_shutdown_test()
class TestAfterwards(unittest.TestCase):
    def test_everything_ended_cleanly(self, proc_info, proc_output):
        launch_testing.asserts.assertExitCodes(proc_info)
        text = "".join(line.text.decode(errors="replace") for line in proc_output)
        assert "Traceback" not in text

    def test_the_report_has_every_frame_and_mode(self, out):
        metrics = json.loads((Path(out.name) / "metrics.json").read_text())
        assert metrics["frames"] >= 30
        assert set(metrics["conditions"]) == {"street/night/smoke"}
        assert {"FULL", "RGB_ONLY", "THERMAL_ONLY"} <= set(metrics["modes"])
