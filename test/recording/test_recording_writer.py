from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest
from rosbags.interfaces import QosDurability, QosReliability
from rosbags.rosbag2 import Reader

from rgbt_perception.errors import InputError, RgbtError
from rgbt_perception.recording.reader import RecordingReader
from rgbt_perception.recording.writer import RecordingWriter

STRING = "std_msgs/msg/String"

# Writes until the disk is full, then says what the error says and what the file holds.
FILL = """
import sys
from pathlib import Path
import numpy as np
from rgbt_perception.errors import RgbtError
from rgbt_perception.recording.reader import RecordingReader
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.recording.writer import RecordingWriter
path, random, make = Path(sys.argv[1]), np.random.default_rng(0), RosbagsFactory().make
try:
    with RecordingWriter(path) as writer:
        for number in range(200):
            data = random.integers(0, 256, 100_000, dtype=np.uint8)
            message = make("std_msgs/msg/UInt8MultiArray", data=data, layout=make(
                "std_msgs/msg/MultiArrayLayout", dim=[], data_offset=0))
            writer.write("/bytes", message, "std_msgs/msg/UInt8MultiArray", number)
except RgbtError as error:
    print(error)
with RecordingReader(path) as reader:
    print([m.time_ns for m in reader.messages()] == list(range(reader.count(["/bytes"]))))
    print(reader.count(["/bytes"]), repr(reader.truncated))
print(sorted(p.name for p in path.parent.iterdir()))
"""


def test_writes_one_file_and_nothing_else(samples, tmp_path):
    path = samples.write(tmp_path / "new" / "folder" / "out.mcap", 3)
    assert [p.name for p in path.parent.iterdir()] == ["out.mcap"]
    content, truncated = samples.read(path)
    assert truncated == ""
    assert [(topic, time_ns) for topic, time_ns, _ in content] == [
        ("/image", 0),
        ("/text", 1),
        ("/image", 1000),
        ("/text", 1001),
        ("/image", 2000),
        ("/text", 2001),
    ]
    assert content[3][2] == "1 °C".encode()
    assert content[2][2] == samples.image(1).data.tobytes()


def test_chunks_are_compressed(samples, tmp_path):
    with RecordingWriter(tmp_path / "out.mcap") as writer:
        writer.write("/text", samples.text("a" * 500_000), STRING, 0)
    assert (tmp_path / "out.mcap").stat().st_size < 20_000


def test_latched_topics_are_transient_local(samples, tmp_path):
    with RecordingWriter(tmp_path / "out.mcap") as writer:
        writer.write("/rig", samples.text("r"), STRING, 0, latched=True)
        writer.write("/text", samples.text("t"), STRING, 0)
    with Reader(tmp_path / "out.mcap") as reader:
        qos = {c.topic: c.ext.offered_qos_profiles[0] for c in reader.connections}
    assert qos["/rig"].durability == QosDurability.TRANSIENT_LOCAL
    assert qos["/rig"].reliability == QosReliability.RELIABLE
    assert qos["/text"].durability == QosDurability.VOLATILE
    with RecordingReader(tmp_path / "out.mcap") as recording:
        assert recording.topics["/rig"].latched
        assert not recording.topics["/text"].latched


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_an_interrupted_recording_is_kept(samples, tmp_path, error):
    path = tmp_path / "out.mcap"
    path.write_bytes(b"what was there before")

    def work() -> None:
        with RecordingWriter(path) as writer:
            samples.add(writer, 0)
            assert path.read_bytes() == b"what was there before"
            raise error

    with pytest.raises(error):
        work()
    content, truncated = samples.read(path)
    assert len(content) == 2
    assert truncated == ""
    assert os.listdir(tmp_path) == ["out.mcap"]


def test_ctrl_c_while_a_chunk_is_written_loses_nothing(samples, tmp_path, monkeypatch):
    path = tmp_path / "out.mcap"

    def work() -> None:
        with RecordingWriter(path) as writer:
            storage = writer._writer.storage
            compress = storage.compressor

            def interrupted(data: bytes) -> bytes:
                signal.raise_signal(signal.SIGINT)
                return compress(data)

            monkeypatch.setattr(storage, "compressor", interrupted)
            for number in range(100):
                samples.add(writer, number, width=320, height=240)

    with pytest.raises(KeyboardInterrupt):
        work()
    content, truncated = samples.read(path)
    assert truncated == ""
    # The chunk of 1 MiB was full at the 14th picture of 76.8 kB, whose text never came.
    assert len(content) == 27


def test_a_killed_process_leaves_a_readable_part(samples, tmp_path):
    path = tmp_path / "out.mcap"
    process = os.fork()
    if process == 0:
        with RecordingWriter(path) as writer:
            for number in range(60):
                samples.add(writer, number, width=320, height=240)
            os._exit(0)
    os.waitpid(process, 0)
    assert not path.exists()
    (left,) = tmp_path.glob(".out-*/bag")
    content, truncated = samples.read(left)
    assert len(content) >= 52
    assert "recovered" in truncated


def test_full_disk(tmp_path):
    """A real file system of 1 MB, in its own mount name space."""
    mount = "mount -t tmpfs -o size=1m none"
    probe = ["unshare", "-rm", "sh", "-c", f"{mount} {tmp_path}"]
    if shutil.which("unshare") is None or subprocess.run(probe, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    lines = _fill(f"{mount} {tmp_path}", tmp_path / "out.mcap")
    count, truncated = lines[2].split()
    assert (
        lines[0] == f"disk full while writing {tmp_path}/out.mcap: finished with {count} messages"
    )
    assert 8 <= int(count) <= 10
    assert [lines[1], truncated, lines[3]] == ["True", "''", "['out.mcap']"]


def test_file_size_limit(tmp_path):
    lines = _fill("ulimit -f 5000", tmp_path / "out.mcap")
    assert lines[0].startswith(f"File too large while writing {tmp_path}/out.mcap: finished with")
    count, truncated = lines[2].split()
    # The limit is 5000 blocks of 512 or 1024 bytes.
    assert 23 <= int(count) <= 51
    assert f"finished with {count} messages" in lines[0]
    assert [lines[1], truncated, lines[3]] == ["True", "''", "['out.mcap']"]


def _fill(before: str, path) -> list[str]:
    program = f'{before} && "$0" -c "$1" "$2"'
    result = subprocess.run(
        ["unshare", "-rm", "sh", "-c", program, sys.executable, FILL, str(path)]
        if "mount" in before
        else ["sh", "-c", program, sys.executable, FILL, str(path)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def test_full_disk_at_the_very_end(samples, tmp_path):
    """A chunk is in the file and the rest does not fit: the rest goes, not the chunk."""
    path = tmp_path / "out.mcap"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def work() -> None:
        with RecordingWriter(path) as writer:
            for number in range(20):
                samples.add(writer, number, width=320, height=240)
            written = next(tmp_path.glob(".out-*/bag/bag.mcap")).stat().st_size
            resource.setrlimit(resource.RLIMIT_FSIZE, (written + 100, before[1]))

    try:
        with pytest.raises(RgbtError, match="finished with"):
            work()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    content, truncated = samples.read(path)
    assert truncated == ""
    assert [entry[0] for entry in content] == ["/image", "/text"] * (len(content) // 2)
    assert len(content) >= 20


def test_a_closed_recording_takes_nothing(samples, tmp_path):
    writer = RecordingWriter(tmp_path / "out.mcap")
    with pytest.raises(RgbtError, match="not open"):
        samples.add(writer, 0)
    with writer:
        pass
    with pytest.raises(RgbtError, match="not open"):
        samples.add(writer, 0)


def test_a_topic_keeps_its_type(samples, tmp_path):
    with RecordingWriter(tmp_path / "out.mcap") as writer:
        writer.write("/a", samples.text("t"), STRING, 0)
        with pytest.raises(RgbtError, match="/a: is std_msgs/msg/String so far, now sensor_msgs"):
            writer.write("/a", samples.image(0), "sensor_msgs/msg/Image", 0)
        with pytest.raises(RgbtError, match="/a: time -1 ns"):
            writer.write("/a", samples.text("t"), STRING, -1)
        writer.write("/a", samples.text("u"), STRING, 1)
    assert [data for _, _, data in samples.read(tmp_path / "out.mcap")[0]] == [b"t", b"u"]


@pytest.mark.parametrize("name", ["out.bag", "out"])
def test_other_names_are_refused(tmp_path, name):
    with pytest.raises(InputError, match=r"expected a file name that ends in \.mcap"):
        RecordingWriter(tmp_path / name)


def test_places_that_cannot_hold_a_file(tmp_path):
    (tmp_path / "folder.mcap").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        RecordingWriter(tmp_path / "folder.mcap")
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(RgbtError, match="cannot be written"),
        RecordingWriter(tmp_path / "file" / "out.mcap"),
    ):
        pass


def test_a_target_that_was_taken_meanwhile_loses_nothing(samples, tmp_path):
    path = tmp_path / "out.mcap"

    def work() -> None:
        with RecordingWriter(path) as writer:
            samples.add(writer, 0)
            path.mkdir()

    with pytest.raises(RgbtError, match="the recording is left at") as info:
        work()
    left = Path(str(info.value).rsplit(" ", 1)[1])
    assert len(samples.read(left)[0]) == 2


def test_memory_does_not_grow_with_the_length(samples, tmp_path):
    def peak(count: int) -> int:
        tracemalloc.start()
        samples.write(tmp_path / "out.mcap", count, width=640, height=480)
        result = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return result

    peak(2)
    assert peak(120) < 1.1 * peak(20) + 100_000
