"""The records of an MCAP file, as far as recovering one needs them (mcap.dev/spec)."""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

MAGIC = b"\x89MCAP0\r\n"
HEADER, FOOTER, SCHEMA, CHANNEL, MESSAGE, CHUNK, MESSAGE_INDEX, CHUNK_INDEX = range(1, 9)
STATISTICS, DATA_END = 0x0B, 0x0F

_PREFIX = struct.Struct("<BQ")
_MESSAGE = struct.Struct("<HIQQ")
_CHUNK = struct.Struct("<QQQII")
_ZSTD = b"zstd"
PREFIX_SIZE = _PREFIX.size
# Of a zstd chunk: what comes before its packed records.
CHUNK_HEAD_SIZE = _PREFIX.size + _CHUNK.size + len(_ZSTD) + 8
MESSAGE_HEAD_SIZE = _MESSAGE.size
INDEX_ENTRY_SIZE = 16


@dataclass
class Chunk:
    """Where a chunk lies and which messages it holds.

    Attributes:
        offset, length: of the whole record in the file, bytes.
        start_ns, end_ns: log times of its messages.
        raw_size, packed_size: bytes of its records, unpacked and in the file.
        compression: empty, ``lz4`` or ``zstd``.
        crc: of the unpacked records; 0 when unknown.
        indexes: file offset of the message index by channel.
        counts: number of messages by channel.
        index_length: bytes of all its message indexes.
    """

    offset: int
    length: int
    start_ns: int
    end_ns: int
    raw_size: int
    packed_size: int
    compression: str
    crc: int = 0
    indexes: dict[int, int] = field(default_factory=dict)
    counts: dict[int, int] = field(default_factory=dict)
    index_length: int = 0

    @property
    def data_offset(self) -> int:
        """Where its packed records begin in the file."""
        return self.offset + _PREFIX.size + _CHUNK.size + len(self.compression) + 8


def record(opcode: int, body: bytes) -> bytes:
    """A record as stored."""
    return _PREFIX.pack(opcode, len(body)) + body


def text(value: str) -> bytes:
    """A string as stored."""
    data = value.encode()
    return struct.pack("<I", len(data)) + data


def chunk_record(raw: bytes, start_ns: int, end_ns: int) -> bytes:
    """A zstd chunk of the given records."""
    packed = zstd.compress(raw)
    head = _CHUNK.pack(start_ns, end_ns, len(raw), 0, len(_ZSTD)) + _ZSTD
    return record(CHUNK, head + struct.pack("<Q", len(packed)) + packed)


def message_index_records(chunk: Chunk, messages: dict[int, list[tuple[int, int]]]) -> bytes:
    """The message indexes that follow a chunk; the chunk is told where they lie.

    Args:
        chunk: gets ``indexes``, ``counts`` and ``index_length``.
        messages: by channel, log time and offset in the unpacked records of each message.
    """
    result = b""
    chunk.indexes.clear()
    chunk.counts.clear()
    for channel, entries in messages.items():
        chunk.indexes[channel] = chunk.offset + chunk.length + len(result)
        chunk.counts[channel] = len(entries)
        body = struct.pack("<HI", channel, INDEX_ENTRY_SIZE * len(entries))
        body += b"".join(struct.pack("<QQ", *entry) for entry in entries)
        result += record(MESSAGE_INDEX, body)
    chunk.index_length = len(result)
    return result


def chunk_index_record(chunk: Chunk) -> bytes:
    """The entry of the summary that lets readers find a chunk."""
    offsets = b"".join(struct.pack("<HQ", *item) for item in chunk.indexes.items())
    body = struct.pack("<QQQQ", chunk.start_ns, chunk.end_ns, chunk.offset, chunk.length)
    body += struct.pack("<I", len(offsets)) + offsets + struct.pack("<Q", chunk.index_length)
    body += text(chunk.compression) + struct.pack("<QQ", chunk.packed_size, chunk.raw_size)
    return record(CHUNK_INDEX, body)


def record_heads(file: BinaryIO, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
    """Opcode, offset and length of each body, up to the first record that is not whole.

    The file position may be moved between two steps.
    """
    position = start
    while position + _PREFIX.size <= stop:
        file.seek(position)
        opcode, length = _PREFIX.unpack(file.read(_PREFIX.size))
        position += _PREFIX.size
        # Opcode 0 does not exist; a power cut leaves files that end in zeros.
        if opcode == 0 or length > stop - position:
            return
        yield opcode, position, length
        position += length


def records(raw: bytes) -> Iterator[tuple[int, int, memoryview]]:
    """Opcode, offset and body of each whole record inside a chunk."""
    view = memoryview(raw)
    position = 0
    while position + _PREFIX.size <= len(view):
        opcode, length = _PREFIX.unpack_from(view, position)
        stop = position + _PREFIX.size + length
        if opcode == 0 or stop > len(view):
            return
        yield opcode, position, view[position + _PREFIX.size : stop]
        position = stop


def message_head(body: bytes | memoryview) -> tuple[int, int] | None:
    """Channel and log time of a message's body; None when it is too short."""
    if len(body) < _MESSAGE.size:
        return None
    channel, _, log_ns, _ = _MESSAGE.unpack_from(body)
    return channel, log_ns


def chunk_at(file: BinaryIO, offset: int, stop: int) -> Chunk | None:
    """Read a chunk's head; the chunk may be cut by ``stop``.

    Returns:
        None when not even the head is there.
    """
    file.seek(offset)
    head = file.read(min(_PREFIX.size + _CHUNK.size, stop - offset))
    if len(head) < _PREFIX.size + _CHUNK.size:
        return None
    opcode, length = _PREFIX.unpack_from(head)
    start_ns, end_ns, raw_size, crc, name_size = _CHUNK.unpack_from(head, _PREFIX.size)
    if opcode != CHUNK or name_size > 4:
        return None
    tail = file.read(min(name_size + 8, stop - file.tell()))
    if len(tail) < name_size + 8:
        return None
    name = tail[:name_size].decode("ascii", "replace")
    packed_size = struct.unpack_from("<Q", tail, name_size)[0]
    whole = _PREFIX.size + length
    return Chunk(offset, whole, start_ns, end_ns, raw_size, packed_size, name, crc)


def unpack(data: bytes, compression: str, limit: int) -> bytes:
    """The records of a chunk, as many as can be unpacked from data that may be cut or damaged.

    Args:
        data: packed records from the first byte.
        compression: of the chunk.
        limit: bytes that the whole chunk unpacks to.

    Returns:
        Nothing if the compression is unknown.
    """
    if compression == "":
        return data[:limit]
    decompressor: zstd.ZstdDecompressor | _Lz4
    if compression == "zstd":
        decompressor = zstd.ZstdDecompressor()
    elif compression == "lz4":
        decompressor = _Lz4()
    else:
        return b""
    parts = []
    have = 0
    # In small steps, so that what lies before a damaged block is kept.
    for start in range(0, len(data), 4096):
        try:
            part = decompressor.decompress(data[start : start + 4096])
        except (zstd.ZstdError, RuntimeError, EOFError, ValueError):
            break
        parts.append(part)
        have += len(part)
        if decompressor.eof or have >= limit:
            break
    return b"".join(parts)[:limit]


class _Lz4:
    """lz4's frame decompressor with the interface of zstd's."""

    def __init__(self) -> None:
        from lz4.frame import LZ4FrameDecompressor  # type: ignore[import-untyped]

        self._inner = LZ4FrameDecompressor()
        self.eof = False

    def decompress(self, data: bytes) -> bytes:
        part: bytes = self._inner.decompress(data)
        self.eof = self._inner.eof
        return part
