"""Starts the perception: one lifecycle node, configured by arguments.

Two rigs side by side: start it twice with different namespaces.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ament_index_python.packages import PackageNotFoundError, get_package_prefix
from launch import LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    LogInfo,
    OpaqueFunction,
    RegisterEventHandler,
    Shutdown,
)
from launch.events import matches_action
from launch.events.process import ProcessExited
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import LifecycleNode, Node
from launch_ros.event_handlers import OnStateTransition
from launch_ros.events.lifecycle import ChangeState
from launch_ros.parameter_descriptions import ParameterFile
from launch_ros.substitutions import FindPackageShare
from lifecycle_msgs.msg import Transition

from rgbt_perception.config_file import load_config
from rgbt_perception.errors import RgbtError

PACKAGE = "rgbt_perception"
# Input of the node to the launch argument that names its topic.
INPUTS = {
    "rgb/image": "rgb_image",
    "rgb/camera_info": "rgb_camera_info",
    "thermal/image": "thermal_image",
    "thermal/camera_info": "thermal_camera_info",
}
# Launch argument to the parameter that it replaces in the file, unless it is empty.
PARAMETERS = {
    "engine": "engine.name",
    "depth_model": "engine.depth_model",
    "scene_model": "scene.model",
    "rig": "rig",
}

# From Ctrl-C to harsher means: on a loaded machine Python needs its time.
PATIENCE_S = "20"


def generate_launch_description() -> LaunchDescription:
    """Arguments, the node and what brings it to life."""
    share = FindPackageShare(PACKAGE)
    return LaunchDescription(
        [
            DeclareLaunchArgument("namespace", default_value="", description="of node and topics"),
            DeclareLaunchArgument(
                "node_name", default_value="perception", description="below which the outputs are"
            ),
            *(
                DeclareLaunchArgument(
                    argument,
                    default_value=topic,
                    description=f"topic that serves as {topic}"
                    + (" (or its /compressed)" if topic.endswith("image") else ""),
                )
                for topic, argument in INPUTS.items()
            ),
            DeclareLaunchArgument(
                "config",
                default_value=PathJoinSubstitution([share, "config", "perception.yaml"]),
                description="parameter file",
            ),
            *(
                DeclareLaunchArgument(
                    argument, default_value="", description=f"replaces {name} of the file"
                )
                for argument, name in PARAMETERS.items()
            ),
            DeclareLaunchArgument(
                "use_sim_time",
                default_value="false",
                choices=["true", "false"],
                description="time from /clock",
            ),
            DeclareLaunchArgument(
                "start",
                default_value="autostart",
                choices=["autostart", "lifecycle", "manual"],
                description="who configures and activates: the node itself, events of this launch "
                "file, or somebody else (ros2 lifecycle set, a lifecycle manager)",
            ),
            DeclareLaunchArgument(
                "required",
                default_value="false",
                choices=["true", "false"],
                description="end everything when the node ends",
            ),
            DeclareLaunchArgument("log_level", default_value="info", description="of the node"),
            DeclareLaunchArgument(
                "rviz", default_value="false", choices=["true", "false"], description="show it"
            ),
            OpaqueFunction(function=_perception),
            OpaqueFunction(function=_rviz),
        ]
    )


def _perception(context: LaunchContext) -> list[Any]:
    """The node; only what was given replaces what the file says."""
    given = {name: LaunchConfiguration(name).perform(context) for name in _names()}
    parameters: dict[str, Any] = {
        name: given[argument] for argument, name in PARAMETERS.items() if given[argument]
    }
    # As for the other hosts, paths in a parameter file are relative to it; what is wrong with the
    # file the node tells.
    with suppress(RgbtError):
        config = load_config(Path(given["config"]))
        for name, value in (
            ("rig", config.rig),
            ("engine.depth_model", config.engine.depth_model),
            ("scene.model", config.scene.model),
        ):
            if value:
                parameters.setdefault(name, value)
    parameters["use_sim_time"] = given["use_sim_time"] == "true"
    parameters["autostart"] = given["start"] == "autostart"
    node = LifecycleNode(
        package=PACKAGE,
        executable="perception_node",
        name=given["node_name"],
        namespace=given["namespace"],
        parameters=[ParameterFile(given["config"], allow_substs=True), parameters],
        remappings=[(topic, given[argument]) for topic, argument in INPUTS.items()],
        arguments=["--ros-args", "--log-level", given["log_level"]],
        on_exit=_required if given["required"] == "true" else None,
        sigterm_timeout=PATIENCE_S,
        output="screen",
        emulate_tty=True,
    )
    if given["start"] != "lifecycle":
        return [node]
    activate = RegisterEventHandler(
        OnStateTransition(
            target_lifecycle_node=node,
            start_state="configuring",
            goal_state="inactive",
            entities=[_change(node, Transition.TRANSITION_ACTIVATE)],
        )
    )
    return [activate, node, _change(node, Transition.TRANSITION_CONFIGURE)]


def _rviz(context: LaunchContext) -> list[Any]:
    """RViz on this rig's topics, where it is wanted and installed."""
    given = {name: LaunchConfiguration(name).perform(context) for name in (*_names(), "rviz")}
    if given["rviz"] != "true":
        return []
    try:
        get_package_prefix("rviz2")
    except PackageNotFoundError:
        return [LogInfo(msg="rviz:=true: rviz2 is not installed; going on without it")]
    view = PathJoinSubstitution([FindPackageShare(PACKAGE), "config", "rgbt.rviz"])
    return [
        Node(
            package="rviz2",
            executable="rviz2",
            namespace=given["namespace"],
            arguments=["-d", view],
            remappings=renamed(given),
            parameters=[{"use_sim_time": given["use_sim_time"] == "true"}],
        )
    ]


def renamed(given: Mapping[str, str]) -> list[tuple[str, str]]:
    """The topics as rgbt.rviz names them, to those of this rig.

    Args:
        given: arguments of this launch file.
    """
    # Not for every launch: these bring OpenCV with them.
    from rgbt_perception.hosting.interfaces import input_topics, output_topics

    remaps = {topic: given[argument] for topic, argument in INPUTS.items()}
    place = given["namespace"], given["node_name"], remaps
    pairs = [(input_topics(), input_topics(*place)), (output_topics(), output_topics(*place))]
    names = [(before[key], after[key]) for before, after in pairs for key in before]
    return [(before, after) for before, after in names if before != after]


def _required(event: ProcessExited, context: LaunchContext) -> list[Any]:
    # launch stumbles over a second shutdown.
    return [] if context.is_shutdown else [Shutdown(reason="the perception ended")]


def _names() -> list[str]:
    plain = ["namespace", "node_name", "config", "use_sim_time", "start", "required", "log_level"]
    return [*plain, *INPUTS.values(), *PARAMETERS]


def _change(node: LifecycleNode, transition: int) -> EmitEvent:
    return EmitEvent(
        event=ChangeState(lifecycle_node_matcher=matches_action(node), transition_id=transition)
    )
