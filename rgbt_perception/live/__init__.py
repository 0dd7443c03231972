"""The host without ROS: DDS by Eclipse Cyclone DDS, messages by rosbags."""

from rgbt_perception.errors import RgbtError

try:
    import cyclonedds as _cyclonedds  # noqa: F401
except ImportError as error:
    raise RgbtError(
        f"the live commands need Cyclone DDS ({error}): pip install 'rgbt_perception[live]'"
    ) from None
