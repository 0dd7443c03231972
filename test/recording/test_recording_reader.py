from __future__ import annotations

import os
import shutil
import sqlite3
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from rgbt_perception.errors import InputError
from rgbt_perception.recording import mcap, recovery
from rgbt_perception.recording.reader import RecordingReader, TopicInfo
from rgbt_perception.recording.types import typestore
from rgbt_perception.recording.writer import RecordingWriter

STRING = "std_msgs/msg/String"


def bag_folder(samples, path: Path, plugin: StoragePlugin, count: int = 3) -> Path:
    """A bag as rosbag2 leaves it: a folder."""
    with Writer(path, version=9, storage_plugin=plugin) as writer:
        connection = writer.add_connection("/text", STRING, typestore=typestore())
        for number in range(count):
            data = typestore().serialize_cdr(samples.text(f"text {number}"), STRING)
            writer.write(connection, 10 * number, data)
    return path


def texts(path: Path) -> list[str]:
    with RecordingReader(path) as reader:
        return [message.value.data for message in reader.messages()]


@pytest.mark.parametrize("plugin", list(StoragePlugin))
@pytest.mark.parametrize("what", ["folder", "file", "folder without metadata"])
def test_reads_bags(samples, tmp_path, plugin, what):
    path = bag_folder(samples, tmp_path / "bag", plugin)
    if what == "file":
        (path,) = (p for p in path.iterdir() if p.suffix != ".yaml")
    elif what == "folder without metadata":
        (path / "metadata.yaml").unlink()
    with RecordingReader(path) as reader:
        assert reader.topics == {"/text": TopicInfo(STRING, 3, False)}
        assert reader.truncated == ""
        assert [tuple(m)[:3] for m in reader.messages()] == [
            ("/text", 10 * n, STRING) for n in range(3)
        ]
    assert texts(path) == ["text 0", "text 1", "text 2"]


def test_split_bag_without_metadata_is_merged_by_time(samples, tmp_path):
    for name, times in (("a.mcap", (0, 20)), ("b.mcap", (10, 30))):
        with RecordingWriter(tmp_path / name) as writer:
            for time_ns in times:
                writer.write("/text", samples.text(str(time_ns)), STRING, time_ns)
    assert texts(tmp_path) == ["0", "10", "20", "30"]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.from_regex(r"/[a-z][a-z0-9_]{0,8}(/[a-z_]{1,8})?", fullmatch=True),
            st.integers(0, 2**62),
            st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
        ),
        min_size=1,
    )
)
def test_everything_written_is_read_in_log_time_order(samples, tmp_path, entries):
    path = tmp_path / "out.mcap"
    with RecordingWriter(path) as writer:
        for topic, time_ns, text in entries:
            writer.write(topic, samples.text(text), STRING, time_ns)
    with RecordingReader(path) as reader:
        got = [(m.topic, m.time_ns, m.value.data) for m in reader.messages()]
        assert got == sorted(entries, key=lambda entry: entry[1])
        names = {topic for topic, _, _ in entries}
        assert set(reader.topics) == names
        assert reader.count(names) == len(entries)


def test_topics_are_selected(samples, tmp_path):
    path = samples.write(tmp_path / "out.mcap", 3)
    with RecordingReader(path) as reader:
        assert {m.topic for m in reader.messages(["/text", "/missing"])} == {"/text"}
        assert list(reader.messages([])) == []
        assert list(reader.messages(["/missing"])) == []
        assert reader.count(["/text", "/missing"]) == 3


def test_arrays_are_views_of_what_was_read(samples, tmp_path):
    path = samples.write(tmp_path / "out.mcap", 1)
    with RecordingReader(path) as reader:
        (message,) = reader.messages(["/image"])
    assert message.value.data.base is not None
    assert not message.value.data.flags.writeable


@pytest.mark.parametrize("compression", [None, "", "zstd", "lz4"])
def test_reads_other_recorders_files(samples, tmp_path, compression):
    path = tmp_path / "foreign.mcap"
    path.write_bytes(samples.foreign_mcap(samples.texts(9), compression))
    assert texts(path) == [f"text {number}" for number in range(9)]


def test_tf_static_of_an_old_bag_counts_as_latched(samples, tmp_path):
    with RecordingWriter(tmp_path / "out.mcap") as writer:
        writer.write("/tf_static", samples.text(""), STRING, 0)
    with RecordingReader(tmp_path / "out.mcap") as reader:
        assert reader.topics["/tf_static"].latched


def custom_bag(path: Path, name: str, definition: str, **fields: object) -> Path:
    store = get_typestore(Stores.EMPTY)
    store.register(get_types_from_msg(definition, name))
    with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connection = writer.add_connection("/custom", name, typestore=store)
        writer.write(connection, 5, store.serialize_cdr(store.types[name](**fields), name))
    return path


def test_definitions_in_the_recording_are_used(tmp_path):
    path = custom_bag(
        tmp_path / "a",
        "my_msgs/msg/Fan",
        "float32 speed\nuint8[] raw\n",
        speed=2.5,
        raw=np.arange(3, dtype=np.uint8),
    )
    with RecordingReader(path) as reader:
        (message,) = reader.messages()
    assert (message.type, message.value.speed, list(message.value.raw)) == (
        "my_msgs/msg/Fan",
        2.5,
        [0, 1, 2],
    )


def test_definitions_in_the_recording_win_over_the_standard(tmp_path):
    path = custom_bag(
        tmp_path / "b", STRING, "int32 version\nstring data\n", version=7, data="other"
    )
    with RecordingReader(path) as reader:
        (message,) = reader.messages()
    assert (message.value.version, message.value.data) == (7, "other")


def test_idl_definitions(samples, tmp_path):
    rule = "=" * 80
    idl = f"{rule}\nIDL: std_msgs/msg/String\nmodule std_msgs {{ module msg {{ struct String {{ "
    idl += "string data; }; }; };\n"
    raw = samples.foreign_mcap(samples.texts(2), "", definition=idl)
    (tmp_path / "idl.mcap").write_bytes(raw.replace(b"ros2msg", b"ros2idl"))
    assert texts(tmp_path / "idl.mcap") == ["text 0", "text 1"]


def test_without_definitions_the_standard_ones_serve(samples, tmp_path):
    path = tmp_path / "foreign.mcap"
    path.write_bytes(samples.foreign_mcap(samples.texts(2), "zstd", definition=None))
    assert texts(path) == ["text 0", "text 1"]
    folder = bag_folder(samples, tmp_path / "bag", StoragePlugin.SQLITE3)
    with sqlite3.connect(folder / "bag.db3") as database:
        database.execute("DELETE FROM message_definitions")
    database.close()
    assert texts(folder / "bag.db3") == ["text 0", "text 1", "text 2"]


def test_an_unreadable_type_matters_only_when_asked_for(samples, tmp_path):
    path = custom_bag(tmp_path / "c", "my_msgs/msg/Fan", "float32 speed\n", speed=2.5)
    (file,) = path.glob("*.mcap")
    data = (
        file.read_bytes()
        .replace(b"float32 speed", b"float32 !pee#")
        .replace(b"my_msgs/msg/Fan", b"no_msgs/msg/Fan")
    )
    file.write_bytes(data)
    with RecordingWriter(path / "other.mcap") as writer:
        writer.write("/text", samples.text("t"), STRING, 0)
    (path / "metadata.yaml").unlink()
    with RecordingReader(path) as reader:
        assert [m.value.data for m in reader.messages(["/text"])] == ["t"]
        with pytest.raises(InputError, match=r"/custom: messages of type .*Fan cannot be read"):
            list(reader.messages(["/custom"]))


def test_a_message_with_the_wrong_length(samples, tmp_path):
    path = tmp_path / "bad.mcap"
    path.write_bytes(samples.foreign_mcap([(1, 42, b"\0\1\0\0\xff\xff\0\0short")], ""))
    expected = "/text: the message at 42 ns is not a readable std_msgs/msg/String"
    with RecordingReader(path) as reader, pytest.raises(InputError, match=expected):
        list(reader.messages())


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        (
            "missing.mcap",
            None,
            "does not exist, expected an .mcap or .db3 file or a rosbag2 folder",
        ),
        ("text.mcap", b"not a recording at all", "does not begin like an MCAP file"),
        ("text.txt", b"not a recording", "not a recording, expected an .mcap or .db3 file"),
        ("empty.mcap", b"", "the file is empty"),
        ("empty.db3", b"", "the file is empty"),
        ("text.db3", b"not a recording at all" * 100, "not a readable recording"),
        ("magic.mcap", b"\x89MCAP0\r\n", "cut before its first record"),
    ],
)
def test_what_is_not_a_recording(tmp_path, name, content, expected):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError) as info, RecordingReader(path):
        pass
    line = str(info.value)
    assert line.startswith(str(path))
    assert expected in line
    assert "\n" not in line


@pytest.mark.parametrize("yaml", [None, "", "a: [", "rosbag2_bagfile_information: 3"])
def test_folders_that_are_no_bags(tmp_path, yaml):
    if yaml is not None:
        (tmp_path / "metadata.yaml").write_text(yaml)
    with pytest.raises(InputError, match="not a readable recording") as info:
        RecordingReader(tmp_path).__enter__()
    assert str(info.value).startswith(str(tmp_path))
    assert "\n" not in str(info.value)


def test_a_bag_of_a_file_that_is_gone(samples, tmp_path):
    path = bag_folder(samples, tmp_path / "bag", StoragePlugin.MCAP)
    (path / "bag.mcap").unlink()
    with pytest.raises(InputError, match="missing"):
        RecordingReader(path).__enter__()


def test_an_empty_recording(tmp_path):
    with RecordingWriter(tmp_path / "out.mcap"):
        pass
    with pytest.raises(InputError, match=r"out\.mcap: the recording is empty"):
        RecordingReader(tmp_path / "out.mcap").__enter__()


def test_a_damaged_database(samples, tmp_path):
    path = bag_folder(samples, tmp_path / "bag", StoragePlugin.SQLITE3, count=2000) / "bag.db3"
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match=r"bag\.db3"):
        texts(path)


def test_a_recording_whose_index_finds_nothing_is_not_taken_for_empty(samples, tmp_path):
    """Recorders may leave out the message indexes, by which rosbags chooses chunks."""
    path = samples.write(tmp_path / "out.mcap", 3)
    (chunk,) = salvage_chunks(path)
    data = bytearray(path.read_bytes())
    summary = bytes(mcap.chunk_index_record(chunk))
    start = bytes(data).index(summary)
    chunk.indexes.clear()
    chunk.index_length = 0
    bare = mcap.chunk_index_record(chunk)
    # The bytes that are saved become a record of a private opcode.
    filler = mcap.record(0x80, bytes(len(summary) - len(bare) - mcap.PREFIX_SIZE))
    data[start : start + len(summary)] = bare + filler
    path.write_bytes(data)
    with (
        RecordingReader(path) as reader,
        pytest.raises(InputError, match="its index finds no message"),
    ):
        list(reader.messages())


def salvage_chunks(path: Path) -> list[mcap.Chunk]:
    """The chunks of a whole file, with their indexes."""
    with path.open("rb") as file:
        scan = recovery._Scan(file, path.stat().st_size, str(path))
        scan.run()
    return scan._chunks


def test_memory_does_not_grow_with_the_length(samples, tmp_path):
    short = samples.write(tmp_path / "short.mcap", 50, width=640, height=480)
    long = samples.write(tmp_path / "long.mcap", 400, width=640, height=480)

    def peak(path: Path) -> int:
        tracemalloc.start()
        with RecordingReader(path) as reader:
            count = sum(1 for _ in reader.messages(["/image"]))
        result = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert count >= 40
        return result

    assert peak(long) < 2 * peak(short) < 20_000_000
    for path in (short, long):
        os.truncate(path, path.stat().st_size - 2_000_000)
    # Eight times the pictures; all of them would be 120 MB.
    assert peak(long) < 2 * peak(short) < 20_000_000
    shutil.rmtree(tmp_path)
