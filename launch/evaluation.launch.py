"""Scores a perception that runs against true depth and labels: printed, and on /diagnostics.

The truth comes on ground_truth/... in the same namespace, as the simulator and simulated
recordings have it.
"""

from __future__ import annotations

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

PACKAGE = "rgbt_perception"
# Parameters of the node: name to default and meaning.
SWITCHES = {
    "use_sim_time": ("false", "time from /clock"),
    "estimates": (
        "true",
        "score each camera's own depth too; the perception builds three more pictures for that",
    ),
    "labels": (
        "true",
        "score the labels too; for that the perception runs its scene network, which takes two "
        "thirds of the networks' time",
    ),
}

# From Ctrl-C to harsher means: the report is written in between.
PATIENCE_S = "20"


def generate_launch_description() -> LaunchDescription:
    """Arguments and the node."""
    words = {"perception": "node_name", "out": "out"}
    return LaunchDescription(
        [
            DeclareLaunchArgument("namespace", default_value="", description="of node and topics"),
            DeclareLaunchArgument(
                "node_name", default_value="perception", description="of the perception"
            ),
            DeclareLaunchArgument(
                "out", default_value="", description="folder for metrics.json; empty = none"
            ),
            *(
                DeclareLaunchArgument(
                    name, default_value=default, choices=["true", "false"], description=text
                )
                for name, (default, text) in SWITCHES.items()
            ),
            Node(
                package=PACKAGE,
                executable="evaluation_node",
                name="evaluation",
                namespace=LaunchConfiguration("namespace"),
                parameters=[
                    {
                        name: ParameterValue(LaunchConfiguration(argument), value_type=str)
                        for name, argument in words.items()
                    },
                    {
                        name: ParameterValue(LaunchConfiguration(name), value_type=bool)
                        for name in SWITCHES
                    },
                ],
                sigterm_timeout=PATIENCE_S,
                output="screen",
                emulate_tty=True,
            ),
        ]
    )
