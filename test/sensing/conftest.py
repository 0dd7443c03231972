from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rgbt_perception.recording.types import RosbagsFactory, typestore


@pytest.fixture(scope="session")
def factory():
    return RosbagsFactory()


@pytest.fixture(scope="session")
def over_the_wire():
    """A message as it arrives: serialised, then read from an arbitrarily aligned buffer."""

    def send(message: Any) -> Any:
        store = typestore()
        name = message.__msgtype__
        wire = b"\0" + bytes(store.serialize_cdr(message, name))
        return store.deserialize_cdr(memoryview(wire)[1:], name)

    return send


def _header(frame_id: str = "camera", sec: int = 1, nanosec: int = 2) -> Any:
    stamp = SimpleNamespace(sec=sec, nanosec=nanosec)
    return SimpleNamespace(stamp=stamp, frame_id=frame_id)


@pytest.fixture(scope="session")
def raw_image():
    """An Image from rows of bytes, with padding after each row."""

    def build(
        encoding: str, width: int, rows: Any, *, height: int = 0, padding: int = 0, big: int = 0
    ) -> Any:
        rows = np.asarray(rows, dtype=np.uint8)
        junk = np.full((rows.shape[0], padding), 0xA5, dtype=np.uint8)
        padded = np.hstack([rows, junk])
        return SimpleNamespace(
            header=_header(),
            encoding=encoding,
            width=width,
            height=height or rows.shape[0],
            step=padded.shape[1],
            is_bigendian=big,
            data=padded.tobytes(),
        )

    return build


@pytest.fixture(scope="session")
def compressed_image():
    def build(text: str, data: Any) -> Any:
        return SimpleNamespace(header=_header(), format=text, data=bytes(data))

    return build
