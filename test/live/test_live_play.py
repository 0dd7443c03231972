from __future__ import annotations

import numpy as np
import pytest

from rgbt_perception.errors import InputError
from rgbt_perception.hosting.graph import Endpoint
from rgbt_perception.hosting.interfaces import Qos
from rgbt_perception.live import play as play_module
from rgbt_perception.live.play import PlayOptions, PlayReport, play
from rgbt_perception.recording.types import typestore
from rgbt_perception.recording.writer import RecordingWriter

IMAGE = "sensor_msgs/msg/Image"
CAMERA_INFO = "sensor_msgs/msg/CameraInfo"
TF = "tf2_msgs/msg/TFMessage"
BEST_EFFORT = Qos(False, False, 10)
LATCHED = Qos(True, True, 10)


class FakeTime:
    """A clock on which only sleeping takes time."""

    def __init__(self):
        self.now = 100.0

    def monotonic(self):
        return self.now

    def monotonic_ns(self):
        return int(self.now * 1e9)

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def fake_time(monkeypatch):
    fake = FakeTime()
    monkeypatch.setattr(play_module, "time", fake)
    return fake


def collect(node, topic, type_name, qos=BEST_EFFORT):
    messages = []
    node.reader(topic, type_name, qos, lambda name, message, arrival_ns: messages.append(message))
    return messages


def stamps(messages):
    return [m.header.stamp.sec * 10**9 + m.header.stamp.nanosec for m in messages]


def nothing(done, total):
    pass


def test_every_topic_comes_out_as_recorded(node, network, recording_maker, until):
    pictures = collect(node, "/rgb/image", IMAGE)
    thermal = collect(node, "/thermal/image", IMAGE)
    infos = collect(node, "/rgb/camera_info", CAMERA_INFO)
    tf = collect(node, "/tf_static", TF, LATCHED)
    report, shown = PlayReport(), []
    play(recording_maker(), network, PlayOptions(rate=4), report, lambda *now: shown.append(now))
    until(lambda: len(pictures) == len(thermal) == len(infos) == 5 and len(tf) == 1)
    for index, message in enumerate(pictures):
        expected = recording_maker.picture("rgb", index)
        assert np.array_equal(message.data.reshape(expected.shape), expected)
    assert np.diff(stamps(thermal)).tolist() == [100_000_000] * 4
    assert infos[0].width == 64
    assert (report.sent, report.passes, report.notes) == (21, 1, [])
    assert shown == [(index + 1, 21) for index in range(21)]
    until(lambda: node.topics() == {} or node.endpoints("/rgb/image") == [])


@pytest.mark.parametrize("rate", [0.5, 1.0, 4.0])
def test_messages_are_due_at_their_log_time(network, recording_maker, fake_time, rate):
    due = []
    options = PlayOptions(rate=rate, delay_s=3)
    report = PlayReport()
    play(recording_maker(), network, options, report, lambda *_: due.append(fake_time.now))
    # One transform, then pictures with their camera_info, thermal 4 ms after RGB.
    expected = [0.0] + [0.1 * pair + delay for pair in range(5) for delay in (0, 0, 0.004, 0.004)]
    assert np.allclose(np.array(due) - 103, np.array(expected) / rate, atol=1e-6)
    assert report.late_s == pytest.approx(0, abs=1e-6)


def test_lateness_is_measured(network, recording_maker, fake_time):
    def slow(done, total):
        fake_time.now += 0.05

    report = PlayReport()
    play(recording_maker(), network, PlayOptions(), report, slow)
    # 20 messages of 50 ms before the last one, which is due after 404 ms.
    assert report.late_s == pytest.approx(1.0 - 0.404, abs=1e-6)


def test_a_loop_begins_again_with_the_recorded_stamps(node, network, recording_maker, until):
    pictures = collect(node, "/rgb/image", IMAGE)

    def stop_in_third_pass(done, total):
        if report.passes == 3 and done == total:
            raise KeyboardInterrupt

    report = PlayReport()
    with pytest.raises(KeyboardInterrupt):
        play(
            recording_maker(),
            network,
            PlayOptions(rate=10, loop=True),
            report,
            stop_in_third_pass,
        )
    assert (report.passes, report.sent) == (3, 63)
    until(lambda: len(pictures) == 15)
    assert sum(step < 0 for step in np.diff(stamps(pictures))) == 2


def test_the_clock_follows_the_recording(node, network, recording_maker, until):
    ticks = collect(node, "/clock", "rosgraph_msgs/msg/Clock")
    play(recording_maker(), network, PlayOptions(rate=2, clock=True), PlayReport(), nothing)
    until(lambda: len(ticks) > 5)
    times = [tick.clock.sec * 10**9 + tick.clock.nanosec for tick in ticks]
    first = 1_700_000_000_000_000_000
    assert times == sorted(times)
    assert first <= times[0] <= times[-1] <= first + 404_000_000


def test_the_clock_waits_for_what_is_late(node, network, recording_maker, until, fake_time):
    """Each message takes far longer to send than the recording lasts."""
    ticks = collect(node, "/clock", "rosgraph_msgs/msg/Clock")

    def slow(done, total):
        fake_time.now += 0.5

    play(recording_maker(), network, PlayOptions(clock=True), PlayReport(), slow)
    until(lambda: len(ticks) > 5)
    times = [tick.clock.sec * 10**9 + tick.clock.nanosec for tick in ticks]
    assert times == sorted(times)
    assert times[-1] <= 1_700_000_000_404_000_000


def test_qos_and_unknown_types_are_kept(node, network, tmp_path, until):
    """A best-effort topic, one of a type that only the recording defines, and one without any."""
    bag = tmp_path / "bag"
    write_foreign(bag)
    things = []
    node.reader(
        "/blob",
        "some_msgs/msg/Blob",
        BEST_EFFORT,
        lambda topic, data, arrival_ns: things.append(bytes(data)),
        raw=True,
    )
    seen = {}

    def look(done, total):
        for topic in ("/scan", "/thing", "/blob"):
            until(lambda topic=topic: node.endpoints(topic) and node.endpoints(topic)[0].node)
            seen[topic] = node.endpoints(topic)

    report = PlayReport()
    play(bag, network, PlayOptions(), report, look)
    assert seen == {
        "/scan": [Endpoint("/rgbt_play", "std_msgs/msg/String", False, False)],
        "/thing": [Endpoint("/rgbt_play", "some_msgs/msg/Thing", True, True)],
        "/blob": [Endpoint("/rgbt_play", "some_msgs/msg/Blob", True, False)],
    }
    until(lambda: things)
    assert things[0][:12] == b"\x00\x01\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08"
    assert report.notes == ["/blob: no definition of some_msgs/msg/Blob; sent as it is"]
    assert report.sent == 3


def write_foreign(bag):
    from rosbags.interfaces import Qos as BagQos
    from rosbags.interfaces import QosDurability, QosHistory, QosLiveliness, QosReliability, QosTime
    from rosbags.rosbag2 import StoragePlugin, Writer
    from rosbags.typesys import Stores, get_types_from_msg, get_typestore

    def qos(reliability, durability):
        forever = QosTime(9_223_372_036, 854_775_807)
        automatic = QosLiveliness.AUTOMATIC
        return [
            BagQos(
                *(QosHistory.KEEP_LAST, 7, reliability, durability),
                *(forever, forever, automatic, forever, False),
            )
        ]

    store = get_typestore(Stores.EMPTY)
    store.register(get_types_from_msg("float64 x\nstring[] names", "some_msgs/msg/Thing"))
    with Writer(bag, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        scan = writer.add_connection(
            *("/scan", "std_msgs/msg/String"),
            typestore=typestore(),
            offered_qos_profiles=qos(QosReliability.BEST_EFFORT, QosDurability.VOLATILE),
        )
        thing = writer.add_connection(
            *("/thing", "some_msgs/msg/Thing"),
            typestore=store,
            offered_qos_profiles=qos(QosReliability.RELIABLE, QosDurability.TRANSIENT_LOCAL),
        )
        blob = writer.add_connection(
            *("/blob", "some_msgs/msg/Blob"), msgdef="nowhere_msgs/Lost x", rihs01="RIHS01_0"
        )
        text = typestore().types["std_msgs/msg/String"](data="x")
        writer.write(scan, 1, typestore().serialize_cdr(text, "std_msgs/msg/String"))
        message = store.types["some_msgs/msg/Thing"](x=1.5, names=["a", "b"])
        writer.write(thing, 2, store.serialize_cdr(message, "some_msgs/msg/Thing"))
        writer.write(blob, 3, b"\x00\x01\x00\x00\x01\x02\x03\x04\x05\x06\x07\x08")


def test_a_damaged_message_is_left_out_and_told(network, tmp_path, fake_time, monkeypatch):
    path = tmp_path / "a.mcap"
    kind = "std_msgs/msg/String"
    with RecordingWriter(path) as writer:
        for index in range(3):
            text = typestore().types[kind](data="x" * index)
            writer.write("/text", text, kind, index)
    raw = play_module.RecordingReader.raw_messages

    def cut(reader, topics):
        for message in raw(reader, topics):
            yield message._replace(data=message.data[:6]) if message.time_ns == 1 else message

    monkeypatch.setattr(play_module.RecordingReader, "raw_messages", cut)
    report = PlayReport()
    play(path, network, PlayOptions(), report, nothing)
    assert report.sent == 2
    assert report.notes == ["/text: 6 bytes are not a std_msgs/msg/String; left out"]


def test_a_recording_without_a_usable_topic_is_refused(network, tmp_path, fake_time):
    path = tmp_path / "a.mcap"
    with RecordingWriter(path) as writer:
        kind = "std_msgs/msg/String"
        writer.write("/a b", typestore().types[kind](data=""), kind, 1)
    with pytest.raises(InputError, match=r"no topic of the recording can be published .*'/a b'"):
        play(path, network, PlayOptions(), PlayReport(), nothing)
