from __future__ import annotations

import threading

import numpy as np

from rgbt_perception.geometry.scratch import Scratch


def test_the_same_room_as_long_as_the_size_is_the_same():
    scratch = Scratch()
    first = scratch.floats("a", 3, 4)
    assert first.dtype == np.float32
    assert first.shape == (3, 4)
    assert scratch.floats("a", 3, 4) is first
    assert scratch.floats("b", 3, 4) is not first
    assert scratch.floats("a", 4, 3).shape == (4, 3)
    assert scratch.indices("a", 4, 3).dtype == np.intp


def test_threads_share_nothing():
    scratch = Scratch()
    rooms = [scratch.floats("a", 8)]
    thread = threading.Thread(target=lambda: rooms.append(scratch.floats("a", 8)))
    thread.start()
    thread.join()
    assert not np.shares_memory(*rooms)
