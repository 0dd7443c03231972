"""The shipped recording through the node: the same numbers as from the host for recordings."""

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")

from rclpy.serialization import deserialize_message
from ros_bench import LATCHED, PATIENT

from rgbt_perception.config import Config
from rgbt_perception.engines.choice import make_engine
from rgbt_perception.nodes.rclpy_factory import message_class
from rgbt_perception.pipeline import DepthPipeline
from rgbt_perception.recording.reader import RecordingReader
from rgbt_perception.recording.types import RosbagsFactory, typestore
from rgbt_perception.resources import share
from rgbt_perception.sensing.decode import depth_picture, stamp_of
from rgbt_perception.session import Session, Stream

PAIRS = 5
# tf2 multiplies the two halves of the extrinsics in another order: the last bits differ.
RELATIVE = 1e-3


def sample():
    """The first pairs, each as its messages in order, and before them what is latched."""
    path = share("samples/night_smoke.mcap")
    with RecordingReader(path) as reader:
        latched = [m for m in reader.messages() if m.topic == "/tf_static"]
        streams = [m for m in reader.messages() if m.topic.startswith(("/rgb/", "/thermal/"))]
    return latched, streams


def expected(latched, streams):
    """Results of the recordings' host: after which message, stamp and depth picture."""
    config = Config()
    session = Session(config, DepthPipeline(config.output, make_engine(config.engine)), FACTORY)
    for message in latched:
        session.handle(Stream.TF_STATIC, message.value, message.time_ns)
    results = []
    for index, message in enumerate(streams):
        stream = Stream(message.topic.removeprefix("/").removesuffix("/compressed"))
        for output in session.handle(stream, message.value, message.time_ns):
            if output.topic == "depth/image":
                results.append((index, output.stamp_ns, depth_picture(output.message)))
        if len(results) == PAIRS:
            return results
    raise AssertionError("too few pairs")


FACTORY = RosbagsFactory()


def in_ros(message):
    data = typestore().serialize_cdr(message.value, message.type)
    return deserialize_message(bytes(data), message_class(message.type))


def test_same_depth_as_from_a_recording(bench):
    latched, streams = sample()
    wanted = expected(latched, streams)
    rig = bench({**PATIENT, "engine.name": "auto", "output.cloud_stride": 1})
    rig.listen("depth/image")
    for message in latched:
        publisher = rig.node.create_publisher(message_class(message.type), "/tf_static", LATCHED)
        publisher.publish(in_ros(message))
    for message in streams:
        rig.publisher(message.topic, message.type)
    rig.start()
    rig.matched()
    rig.until(lambda: rig.perception._active.runner.streams[Stream.TF_STATIC].state(0).received)
    got = rig.got["depth/image"]
    for index, message in enumerate(streams[: wanted[-1][0] + 1]):
        rig.publishers[message.topic].publish(in_ros(message))
        # Result by result: how fast the machine is decides nothing.
        due = sum(after <= index for after, _, _ in wanted)
        rig.until(lambda due=due: len(got) >= due)
    assert [stamp_of(message) for message in got] == [stamp for _, stamp, _ in wanted]
    for message, (_, _, theirs) in zip(got, wanted, strict=True):
        ours = depth_picture(message)
        np.testing.assert_array_equal(np.isfinite(ours), np.isfinite(theirs))
        known = np.isfinite(ours)
        np.testing.assert_allclose(ours[known], theirs[known], rtol=RELATIVE)
