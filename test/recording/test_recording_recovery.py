from __future__ import annotations

import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rosbags.rosbag2 import Reader

from rgbt_perception.errors import InputError
from rgbt_perception.recording import mcap
from rgbt_perception.recording.reader import RecordingReader
from rgbt_perception.recording.recovery import finish, salvage

FIXTURES = [HealthCheck.function_scoped_fixture]


def read_cut(samples, tmp_path, data: bytes) -> tuple[list, str]:
    path = tmp_path / "cut.mcap"
    path.write_bytes(data)
    return samples.read(path)


@settings(max_examples=60, deadline=None, suppress_health_check=FIXTURES)
@given(st.data())
def test_a_cut_anywhere_gives_the_messages_before_it(samples, whole, tmp_path, data):
    offset = data.draw(st.integers(0, len(whole.data) - 1))
    # Each pair takes 77 kB, and only blocks of up to 128 kB unpack.
    expected = 2 * (offset / len(whole.data) * 40 - 4)
    try:
        content, truncated = read_cut(samples, tmp_path, whole.data[:offset])
    except InputError:
        content, truncated = [], "recovered 0 messages"
    assert content == whole.content[: len(content)]
    assert len(content) >= expected
    assert f"recovered {len(content)} messages" in truncated


@pytest.mark.parametrize("missing", [*range(1, 60), 100, 500, 1000, 1500])
def test_nothing_is_lost_with_the_index(samples, whole, tmp_path, missing):
    content, truncated = read_cut(samples, tmp_path, whole.data[:-missing])
    assert content == whole.content
    assert truncated.endswith("recovered 80 messages until 0.000 s")


@settings(max_examples=30, deadline=None, suppress_health_check=FIXTURES)
@given(st.data())
def test_damage_anywhere_is_one_error_line(samples, whole, tmp_path, data):
    damaged = bytearray(whole.data)
    for offset in data.draw(st.lists(st.integers(0, len(damaged) - 1), min_size=1, max_size=4)):
        damaged[offset] ^= data.draw(st.integers(1, 255))
    cut = data.draw(st.sampled_from([len(damaged), len(damaged) - 5, len(damaged) // 2]))
    error = ""
    try:
        read_cut(samples, tmp_path, bytes(damaged[:cut]))
    except InputError as problem:
        error = str(problem)
    assert "\n" not in error


@pytest.mark.parametrize("compression", [None, "", "zstd", "lz4"])
def test_other_recorders_files(samples, tmp_path, compression):
    data = samples.foreign_mcap(samples.texts(40), compression, finished=False)
    counts = []
    for offset in [*range(len(data) // 2, len(data), 17), len(data)]:
        content, _ = read_cut(samples, tmp_path, data[:offset])
        assert [entry[2] for entry in content] == [b"text %d" % n for n in range(len(content))]
        counts.append(len(content))
    assert counts == sorted(counts)
    assert counts[-1] == 40
    assert counts[0] < 25


def test_a_message_cut_inside_an_uncompressed_chunk(samples, tmp_path):
    data = samples.foreign_mcap(samples.texts(40), "", finished=False, per_chunk=40)
    counts = {
        len(read_cut(samples, tmp_path, data[:offset])[0])
        for offset in range(len(data) // 2, len(data), 10)
    }
    # One chunk holds everything; its part before the cut is used message by message.
    assert len(counts) > 15


def test_a_file_that_ends_in_zeros(samples, whole, tmp_path):
    data = whole.data[:2_000_000] + bytes(100_000)
    content, truncated = read_cut(samples, tmp_path, data)
    assert len(content) >= 44
    assert content == whole.content[: len(content)]
    assert truncated


def test_a_cut_before_the_first_message(samples, whole, tmp_path):
    with pytest.raises(InputError, match="was cut off before its first message"):
        read_cut(samples, tmp_path, whole.data[:2000])


def test_a_cut_file_in_a_bag_folder(samples, whole, tmp_path):
    (tmp_path / "bag_0.mcap").write_bytes(whole.data[:2_000_000])
    content, truncated = samples.read(tmp_path)
    assert content == whole.content[: len(content)]
    assert "bag_0.mcap: was cut off" in truncated


def test_a_chunk_whose_checksum_is_wrong(samples, tmp_path):
    data = bytearray(samples.foreign_mcap(samples.texts(4), "", finished=False))
    header = mcap.PREFIX_SIZE + 4 + 4 + 4 + 4
    offset = len(mcap.MAGIC) + header + mcap.PREFIX_SIZE + 24
    assert struct.unpack_from("<I", data, offset) == (0,)
    struct.pack_into("<I", data, offset, 12345)
    content, _ = read_cut(samples, tmp_path, bytes(data))
    assert len(content) == 4


@pytest.mark.parametrize("share", [0.2, 0.35, 0.5, 0.9, 0.9999])
def test_finishing_makes_a_whole_file(samples, whole, tmp_path, share):
    path = tmp_path / "cut.mcap"
    path.write_bytes(whole.data[: int(share * len(whole.data))])
    expected, _ = samples.read(path)
    assert finish(path) == len(expected)
    content, truncated = samples.read(path)
    assert (content, truncated) == (expected, "")
    with Reader(path) as reader:
        assert reader.message_count == len(expected)
    assert finish(path) == len(expected)


def test_reading_a_cut_file_leaves_it_alone(samples, whole, tmp_path):
    path = tmp_path / "cut.mcap"
    path.write_bytes(whole.data[:1_000_000])
    with RecordingReader(path) as reader:
        first = list(reader.messages(["/text"]))
        # A second pass, and two at once, see the same.
        both = list(zip(reader.messages(["/text"]), reader.messages(["/text"]), strict=True))
    assert [(m, m) for m in first] == both
    assert path.stat().st_size == 1_000_000
    assert salvage(path).messages == 2 * len(first)
