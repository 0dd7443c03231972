"""A simulated rig, the perception on it, and live metrics against the true depth.

Every argument of perception.launch.py and of evaluation.launch.py is one of this file too.
"""

from __future__ import annotations

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription
from launch.conditions import IfCondition
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

PACKAGE = "rgbt_perception"
# Parameters of the simulator: name to type, default and meaning.
SIMULATOR: dict[str, tuple[type, str, str]] = {
    "source": (str, "recording", "recording (in a loop) or rendering (live, needs MuJoCo)"),
    "recording": (str, "", "recording: file or folder; empty = the shipped sample"),
    "speed": (float, "1.0", "seconds of the source in a second"),
    "scene": (str, "street", "rendering: street or rescue"),
    "light": (str, "night", "rendering: day, dusk or night"),
    "weather": (str, "clear", "rendering: clear, rain, fog or smoke"),
    "seed": (int, "0", "rendering: of everything random"),
    "rate": (float, "5.0", "rendering: of both cameras, Hz"),
    "rgb_size": (str, "640x480", "rendering: width x height, pixels"),
    "thermal_size": (str, "320x256", "rendering: width x height, pixels"),
    "jobs": (int, "1", "rendering: processes"),
    "frame_prefix": (str, "", "put before every frame, e.g. front/ for a rig of several"),
}

# From Ctrl-C to harsher means: on a loaded machine Python needs its time.
PATIENCE_S = "20"


def generate_launch_description() -> LaunchDescription:
    """Arguments, simulator, perception and evaluation."""
    namespace = LaunchConfiguration("namespace")
    folder = PathJoinSubstitution([FindPackageShare(PACKAGE), "launch"])
    perception = PathJoinSubstitution([folder, "perception.launch.py"])
    evaluation = PathJoinSubstitution([folder, "evaluation.launch.py"])
    return LaunchDescription(
        [
            DeclareLaunchArgument("namespace", default_value="", description="of nodes and topics"),
            *(
                DeclareLaunchArgument(name, default_value=default, description=text)
                for name, (_, default, text) in SIMULATOR.items()
            ),
            DeclareLaunchArgument(
                "evaluation",
                default_value="true",
                choices=["true", "false"],
                description="score depth and labels against the truth",
            ),
            DeclareLaunchArgument(
                "out", default_value="", description="folder for metrics.json; empty = none"
            ),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(perception),
                # The simulator lives in real time and tells no other.
                launch_arguments={"use_sim_time": "false"}.items(),
            ),
            Node(
                package=PACKAGE,
                executable="simulator_node",
                name="simulator",
                namespace=namespace,
                parameters=[
                    {
                        name: ParameterValue(LaunchConfiguration(name), value_type=kind)
                        for name, (kind, _, _) in SIMULATOR.items()
                    }
                ],
                sigterm_timeout=PATIENCE_S,
                output="screen",
                emulate_tty=True,
            ),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(evaluation),
                launch_arguments={"use_sim_time": "false"}.items(),
                condition=IfCondition(LaunchConfiguration("evaluation")),
            ),
        ]
    )
