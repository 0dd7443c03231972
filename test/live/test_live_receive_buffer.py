from __future__ import annotations

import pytest

from rgbt_perception.live.receive_buffer import allowed_bytes, buffer_warnings, requested_bytes
from rgbt_perception.resources import share

MB = 1 << 20


def uri(size):
    return f"<CycloneDDS><Domain><Internal>{size}</Internal></Domain></CycloneDDS>"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 4 * MB),
        (uri('<SocketReceiveBufferSize min="default" max="2MB"/>'), 2 * MB),
        (uri('<SocketReceiveBufferSize min="10 MiB"/>'), 10 * MB),
        (uri('<SocketReceiveBufferSize max="512kB"/>'), MB),
        (uri(""), 4 * MB),
        ("file:///no/such/file.xml", 4 * MB),
        ("<broken", 4 * MB),
    ],
)
def test_what_is_asked_for(text, expected):
    assert requested_bytes({"CYCLONEDDS_URI": text}) == expected


def test_the_shipped_file_asks_for_enough():
    path = share("config/cyclonedds.xml")
    for text in (f"file://{path}", str(path)):
        assert requested_bytes({"CYCLONEDDS_URI": text}) == 4 * MB


def test_what_the_kernel_allows(tmp_path):
    path = tmp_path / "rmem_max"
    assert allowed_bytes(path) is None
    path.write_text("212992\n")
    assert allowed_bytes(path) == 212992


@pytest.mark.parametrize(
    ("largest", "requested", "allowed", "expected"),
    [
        (1 * MB, 4 * MB, 4 * MB, []),
        (8 * MB, 4 * MB, 4 * MB, []),
        (1 * MB, 1 * MB, 212992, ["the system allows"]),
        (3 * MB, 1 * MB, 4 * MB, ["CYCLONEDDS_URI asks"]),
        (3 * MB, 1 * MB, 212992, ["CYCLONEDDS_URI asks", "the system allows"]),
        (300_000, 4 * MB, 212992, []),
        (3 * MB, 4 * MB, None, []),
    ],
)
def test_warns_when_messages_would_be_lost(largest, requested, allowed, expected):
    lines = buffer_warnings(largest, "/a/topic", requested, allowed)
    assert [line[: len(start)] for line, start in zip(lines, expected, strict=True)] == expected
    assert all("/a/topic" in line for line in lines)
