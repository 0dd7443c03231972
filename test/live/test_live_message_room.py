from __future__ import annotations

import numpy as np

from rgbt_perception.live.message_room import ReusedRoom, Room


def test_other_bytes_come_round_the_data_without_a_copy():
    room = Room(5)
    room.array[:] = range(5)
    framed = room.framed(b"before", b"after")
    assert framed.tobytes() == b"before\0\1\2\3\4after"
    assert np.shares_memory(framed, room.array)
    assert room.framed(b"", b"").tobytes() == b"\0\1\2\3\4"


def test_there_is_not_space_for_everything():
    assert Room(5).framed(b"x" * 10_000, b"") is None
    assert Room(5).framed(b"", b"x" * 1000) is None


def test_a_room_knows_its_memory_and_no_part_of_it():
    room = Room(8)
    assert room.holds(room.array.view(np.float32).reshape(2, 1).reshape(-1).view(np.uint8))
    assert not room.holds(room.array[:4])
    assert not room.holds(np.zeros(8, np.uint8))


def test_the_same_memory_serves_again_for_the_same_size():
    reused = ReusedRoom()
    assert reused.of(np.zeros(4, np.uint8)) is None
    first = reused.take(4)
    assert reused.take(4) is first
    assert reused.of(first).array is first
    other = reused.take(6)
    assert len(other) == 6
    assert reused.of(first) is None
