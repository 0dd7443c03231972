"""The other process of the DDS tests: `python dds_peer.py DOMAIN ROLE [ARGUMENT …]`.

Publishes until its standard input closes, and says `ready` when it is there.
"""

from __future__ import annotations

import sys
import threading
import time

import numpy as np

from rgbt_perception.hosting.interfaces import Qos
from rgbt_perception.live.configuration import Network
from rgbt_perception.live.transport import DdsNode
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.sensing.decode import stamp_of
from rgbt_perception.sensing.encode import image_message, static_transform_message

IMAGE = "sensor_msgs/msg/Image"
STAMP_NS = 1_700_000_000_000_000_123


def picture(height: int = 512, width: int = 640) -> np.ndarray:
    """What is sent: noise, the same in every process."""
    return np.random.default_rng(7).integers(0, 256, (height, width, 3), np.uint8)


def images(node: DdsNode, finished: threading.Event, reliable: str) -> None:
    """Pictures at 20 Hz on /rgb/image, stamps counting up."""
    writer = node.writer("/rgb/image", IMAGE, Qos(reliable == "reliable", False, 5))
    index = 0
    while not finished.wait(0.05):
        message = image_message(
            RosbagsFactory(), picture(), "rgb8", STAMP_NS + index, "rgb_optical_frame"
        )
        writer.publish(message)
        index += 1


def latched(node: DdsNode, finished: threading.Event) -> None:
    """Two transforms, each sent once."""
    writer = node.writer("/tf_static", "tf2_msgs/msg/TFMessage", Qos(True, True, 10))
    for child in ("a", "b"):
        writer.publish(
            static_transform_message(RosbagsFactory(), "base_link", child, np.eye(4), STAMP_NS)
        )
    finished.wait()


def listens(node: DdsNode, finished: threading.Event, topic: str) -> None:
    """Subscribes reliably to pictures; says at the end how many came and which was the last."""
    stamps: list[int] = []
    node.reader(
        *(topic, IMAGE, Qos(True, False, 5)),
        lambda name, message, ns: stamps.append(stamp_of(message)),
    )
    finished.wait()
    print(len(stamps), *stamps[-1:], flush=True)


def bytes_only(node: DdsNode, finished: threading.Event) -> None:
    """A type nobody knows, and a string that is not UTF-8, at 20 Hz."""
    unknown = node.writer("/other", "somebodys_msgs/msg/Thing", Qos(True, False, 5))
    broken = node.writer("/text", "std_msgs/msg/String", Qos(True, False, 5))
    while not finished.wait(0.05):
        unknown.publish_cdr(b"\x00\x01\x00\x00abcdefg")
        broken.publish_cdr(b"\x00\x01\x00\x00\x02\x00\x00\x00\xff\x00")


def stream(
    node: DdsNode, finished: threading.Event, kind: str, width: str, height: str, count: str
) -> None:
    """Pictures at 30 Hz on /stream; each stamp is the steady clock before it is built."""
    writer = node.writer("/stream", IMAGE, Qos(kind == "reliable", False, 5))
    while not writer.subscribers and not finished.wait(0.05):
        pass
    pixels = picture(int(height), int(width))
    start = time.monotonic()
    for index in range(int(count)):
        finished.wait(max(start + index / 30 - time.monotonic(), 0))
        now_ns = time.monotonic_ns()
        writer.publish(image_message(RosbagsFactory(), pixels, "rgb8", now_ns, "frame"))
    finished.wait()


if __name__ == "__main__":
    functions = (images, latched, bytes_only, stream, listens)
    roles = {function.__name__: function for function in functions}
    network = Network(int(sys.argv[1]), local=True)
    with DdsNode("peer", namespace="/front", network=network) as node:
        done = threading.Event()
        worker = threading.Thread(target=roles[sys.argv[2]], args=(node, done, *sys.argv[3:]))
        worker.start()
        print("ready", flush=True)
        sys.stdin.read()
        done.set()
        worker.join()
