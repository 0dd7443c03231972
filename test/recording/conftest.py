from __future__ import annotations

import struct
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from lz4.frame import compress as lz4_compress

from rgbt_perception.recording import mcap
from rgbt_perception.recording.reader import RecordingReader
from rgbt_perception.recording.types import RosbagsFactory, typestore
from rgbt_perception.recording.writer import RecordingWriter

IMAGE = "sensor_msgs/msg/Image"
STRING = "std_msgs/msg/String"
PACK = {"": bytes, "zstd": mcap.zstd.compress, "lz4": lz4_compress}


class Samples:
    """Small messages, recordings of them, and what a reader gives back."""

    factory = RosbagsFactory()

    def image(self, number: int, width: int = 64, height: int = 48) -> Any:
        random = np.random.default_rng(number)
        stamp = self.factory.make("builtin_interfaces/msg/Time", sec=number, nanosec=0)
        return self.factory.make(
            IMAGE,
            header=self.factory.make("std_msgs/msg/Header", stamp=stamp, frame_id="camera"),
            height=height,
            width=width,
            encoding="mono8",
            is_bigendian=0,
            step=width,
            data=random.integers(0, 256, width * height, dtype=np.uint8),
        )

    def text(self, text: str) -> Any:
        return self.factory.make(STRING, data=text)

    def add(self, writer: RecordingWriter, number: int, **size: int) -> None:
        writer.write("/image", self.image(number, **size), IMAGE, 1000 * number)
        writer.write("/text", self.text(f"{number} °C"), STRING, 1000 * number + 1)

    def write(self, path: Path, count: int, **size: int) -> Path:
        with RecordingWriter(path) as writer:
            for number in range(count):
                self.add(writer, number, **size)
        return path

    def read(self, path: Path) -> tuple[list[tuple[str, int, bytes]], str]:
        with RecordingReader(path) as reader:
            content = [
                (message.topic, message.time_ns, _content(message.value.data))
                for message in reader.messages()
            ]
            return content, reader.truncated

    def foreign_mcap(
        self,
        messages: list[tuple[int, int, bytes]],
        compression: str | None,
        *,
        finished: bool = True,
        definition: str | None = "string data\n",
        per_chunk: int = 4,
    ) -> bytes:
        """An MCAP of /text strings as other recorders write it: outside of chunks (None), or in
        chunks of another compression; ``finished`` adds the end without a summary."""
        encoding = "" if definition is None else "ros2msg"
        schema = struct.pack("<H", 1) + mcap.text(STRING) + mcap.text(encoding)
        schema += mcap.text(definition or "")
        channel = struct.pack("<HH", 1, 1) + mcap.text("/text") + mcap.text("cdr") + bytes(4)
        described = mcap.record(mcap.SCHEMA, schema) + mcap.record(mcap.CHANNEL, channel)
        parts = [mcap.MAGIC, mcap.record(mcap.HEADER, mcap.text("ros2") + mcap.text("test"))]
        records = [
            mcap.record(mcap.MESSAGE, struct.pack("<HIQQ", number, 0, time_ns, time_ns) + data)
            for number, time_ns, data in messages
        ]
        if compression is None:
            parts += [described, *records]
        else:
            for start in range(0, len(records), per_chunk):
                raw = (described if start == 0 else b"") + b"".join(
                    records[start : start + per_chunk]
                )
                times = [time_ns for _, time_ns, _ in messages[start : start + per_chunk]]
                packed = PACK[compression](raw)
                body = struct.pack("<QQQI", min(times), max(times), len(raw), 0)
                body += mcap.text(compression) + struct.pack("<Q", len(packed)) + packed
                parts.append(mcap.record(mcap.CHUNK, body))
                entries = b"".join(struct.pack("<QQ", time_ns, 0) for time_ns in times)
                index = struct.pack("<HI", 1, len(entries)) + entries
                parts.append(mcap.record(mcap.MESSAGE_INDEX, index))
        if finished:
            parts.append(mcap.record(mcap.DATA_END, bytes(4)))
            parts += [mcap.record(mcap.FOOTER, bytes(20)), mcap.MAGIC]
        return b"".join(parts)

    def texts(self, count: int) -> list[tuple[int, int, bytes]]:
        """Channel, time and CDR of /text messages."""
        return [
            (1, 10 * number, bytes(typestore().serialize_cdr(self.text(f"text {number}"), STRING)))
            for number in range(count)
        ]


@pytest.fixture(scope="session")
def samples() -> Samples:
    return Samples()


@pytest.fixture(scope="session")
def whole(samples: Samples, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A recording of three chunks: its bytes and content."""
    path = samples.write(tmp_path_factory.mktemp("whole") / "whole.mcap", 40, width=320, height=240)
    content, truncated = samples.read(path)
    assert not truncated
    return SimpleNamespace(data=path.read_bytes(), content=content)


def _content(data: Any) -> bytes:
    """A message's bytes; damage may have made a text of a picture's name, or the other way."""
    return data.encode() if isinstance(data, str) else bytes(np.asarray(data))
