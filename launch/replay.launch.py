"""Plays a recording through the perception, scores it and ends by itself with a report.

The recording begins when the perception is active, so that no picture of it is lost to loading.
Every argument of perception.launch.py and of evaluation.launch.py is one of this file too.
"""

from __future__ import annotations

from launch import Event, LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    ExecuteProcess,
    IncludeLaunchDescription,
    LogInfo,
    OpaqueFunction,
    RegisterEventHandler,
    TimerAction,
)
from launch.event_handlers import OnProcessExit
from launch.events import Shutdown
from launch.events.process import ProcessExited
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import PathJoinSubstitution
from launch_ros.event_handlers import OnStateTransition
from launch_ros.events.lifecycle import StateTransition
from launch_ros.substitutions import FindPackageShare

PACKAGE = "rgbt_perception"
# Arguments of perception.launch.py that name its inputs; what else is read of a recording.
INPUTS = ("rgb_image", "rgb_camera_info", "thermal_image", "thermal_camera_info")
OTHER_INPUTS = (
    "rig",
    "ground_truth/rgb/depth/image",
    "ground_truth/thermal/depth/image",
    "ground_truth/rgb/labels/image",
    "ground_truth/thermal/labels/image",
    "ground_truth/scene",
)
TRANSPORTS = ("", "/compressed", "/compressedDepth")
# Discovery before the first picture, and the last results after the last one.
LEAD_S = "2.0"
GRACE_S = 2.0


def generate_launch_description() -> LaunchDescription:
    """Arguments, perception, evaluation and, once both listen, the player."""
    share = FindPackageShare(PACKAGE)
    return LaunchDescription(
        [
            DeclareLaunchArgument("namespace", default_value="", description="of the nodes"),
            DeclareLaunchArgument(
                "bag",
                default_value=PathJoinSubstitution([share, "samples", "night_smoke.mcap"]),
                description="recording, file or folder",
            ),
            DeclareLaunchArgument(
                "rate", default_value="1.0", description="seconds of the recording in a second"
            ),
            DeclareLaunchArgument(
                "out", default_value="out/replay", description="folder for metrics.json"
            ),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(
                    PathJoinSubstitution([share, "launch", "perception.launch.py"])
                ),
                launch_arguments={
                    "use_sim_time": "true",
                    "start": "lifecycle",
                    "required": "true",
                }.items(),
            ),
            IncludeLaunchDescription(
                PythonLaunchDescriptionSource(
                    PathJoinSubstitution([share, "launch", "evaluation.launch.py"])
                ),
                launch_arguments={"use_sim_time": "true"}.items(),
            ),
            RegisterEventHandler(
                OnStateTransition(
                    start_state="activating",
                    goal_state="active",
                    entities=[OpaqueFunction(function=_player)],
                    handle_once=True,
                )
            ),
            RegisterEventHandler(
                OnStateTransition(
                    matcher=_failed,
                    entities=_end("the perception could not be started"),
                    handle_once=True,
                )
            ),
        ]
    )


def _player(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """What plays the recording, and what is done at its end."""
    given = context.launch_configurations
    player = ExecuteProcess(
        cmd=["ros2", "bag", "play", given["bag"], "--clock", "100",
             "--rate", given["rate"], "--delay", LEAD_S,
             # A recording may hold what a perception said when it was made.
             "--exclude-regex", f"(/clock|/diagnostics|(/.*)?/{given['node_name']}/.*)",
             *_moved(given), "--disable-keyboard-controls"],
        name="player",
        output="screen",
    )  # fmt: skip
    return [RegisterEventHandler(OnProcessExit(target_action=player, on_exit=_played)), player]


def _moved(given: dict[str, str]) -> list[str]:
    """The player's names are absolute: those that the nodes have in their namespace go there."""
    namespace = given["namespace"].strip("/")
    names = [given[argument] for argument in INPUTS] + list(OTHER_INPUTS)
    relative = [name for name in names if not name.startswith(("/", "~"))] if namespace else []
    rules = [f"/{n}{kind}:=/{namespace}/{n}{kind}" for n in relative for kind in TRANSPORTS]
    return ["--remap", *rules] if rules else []


def _failed(event: Event) -> bool:
    """Whether the perception fell back instead of becoming active; its log says why."""
    return isinstance(event, StateTransition) and (event.start_state, event.goal_state) in (
        ("configuring", "unconfigured"),
        ("activating", "inactive"),
        ("errorprocessing", "unconfigured"),
        ("errorprocessing", "finalized"),
    )


def _played(event: ProcessExited, context: LaunchContext) -> list[LaunchDescriptionEntity]:
    if event.returncode:
        return _end(f"the recording could not be played (ros2 bag play: {event.returncode})")
    return [TimerAction(period=GRACE_S, actions=_end("the recording has ended"))]


def _end(reason: str) -> list[LaunchDescriptionEntity]:
    # launch itself keeps the reason of a shutdown to itself.
    return [LogInfo(msg=reason), EmitEvent(event=Shutdown(reason=reason))]
