"""What a recording gives in the host on DDS: `python live_outputs.py BAG DOMAIN OUT`."""

from __future__ import annotations

import pickle
import sys
import time
from pathlib import Path

from host_outputs import CONFIG, TOPICS, by_stamp

from rgbt_perception.hosting.interfaces import Qos
from rgbt_perception.hosting.loading import load_pipeline
from rgbt_perception.live.configuration import Network
from rgbt_perception.live.host import LiveHost, Place
from rgbt_perception.live.transport import DdsNode
from rgbt_perception.recording.reader import RecordingReader

PATIENCE_S = 60


class Observer:
    """Subscribes to all outputs and waits for them."""

    def __init__(self, node):
        self.got = []
        for topic, kind in TOPICS.items():
            node.reader(
                f"/perception/{topic}",
                kind,
                Qos(True, depth=50),
                lambda name, message, ns, topic=topic: self.got.append((topic, message)),
            )

    def wait(self, condition, what):
        end = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < end, what
            time.sleep(0.01)

    def results(self):
        return sum(topic == "status" and message.mode > 0 for topic, message in self.got)

    def said(self, *reasons):
        return any(
            topic == "status" and list(message.reasons) == list(reasons)
            for topic, message in list(self.got)
        )


def lived(bag, network):
    with (
        LiveHost(CONFIG, Place(network), load_pipeline(CONFIG, lambda: True)) as host,
        DdsNode("recorded_rig", network=network) as node,
        RecordingReader(bag) as reader,
    ):
        observer = Observer(node)
        writers = {
            name: node.writer(name, info.type, Qos(True, name == "/tf_static", 5))
            for name, info in reader.topics.items()
        }
        observer.wait(lambda: host.publishers.wanted() == set(TOPICS), "the outputs' discovery")

        def followed():
            host.tick()
            return all(writer.subscribers for writer in writers.values())

        observer.wait(followed, "the inputs' discovery")
        messages = list(reader.messages())
        first = {message.topic: message.value for message in reversed(messages)}
        writers["/tf_static"].publish(first["/tf_static"])

        def informed():
            # As a driver does, again and again; the host takes the first that it hears.
            for camera in ("rgb", "thermal"):
                writers[f"/{camera}/camera_info"].publish(first[f"/{camera}/camera_info"])
            return observer.said("no_rgb", "no_thermal")

        observer.wait(informed, "camera_info and tf")
        received, counters = host.session.statistics.frames_in, host.runner.counters
        pictures = 0
        for message in messages:
            writers[message.topic].publish(message.value)
            if reader.topics[message.topic].type.endswith("Image"):
                pictures += 1
                # Taken up before the next one comes: nothing is replaced on a busy machine.
                observer.wait(lambda: received.total() == pictures, "a picture")  # noqa: B023
                observer.wait(lambda: counters.processed == counters.matches, "the worker")
        pairs = pictures // 2
        observer.wait(lambda: len(by_stamp(list(observer.got))) == pairs * len(TOPICS), "the rest")
        assert counters.overrun == 0
        return by_stamp(observer.got)


if __name__ == "__main__":
    recording, domain, out = sys.argv[1:]
    Path(out).write_bytes(pickle.dumps(lived(Path(recording), Network(int(domain), local=True))))
