"""Reads and repairs MCAP files that were cut: a killed recorder, a full disk, a broken copy."""

from __future__ import annotations

import errno
import os
import struct
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from zlib import crc32

from rgbt_perception.errors import InputError
from rgbt_perception.recording import mcap
from rgbt_perception.recording.mcap import Chunk

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_PAGE = 4096


@dataclass(frozen=True)
class Salvage:
    """What can be read of a cut file.

    Attributes:
        end: this many bytes of the file are whole records.
        tail: the bytes that, put after them, make a whole file: the messages of a chunk that was
            cut in its middle, and the index.
        retreat: where the last chunk begins, which must go if there is no room for the tail.
        messages: number of messages.
        last_ns: latest log time; 0 without messages.
    """

    end: int
    tail: bytes
    retreat: int
    messages: int
    last_ns: int


def salvage(path: Path, stop: int | None = None) -> Salvage:
    """Find everything that is whole, in memory that does not grow with the pictures.

    Args:
        path: an MCAP file, cut anywhere or not at all.
        stop: treat the file as cut here, bytes.

    Raises:
        InputError: it does not begin like an MCAP file.
    """
    with path.open("rb") as file:
        size = _without_zeros(file, os.fstat(file.fileno()).st_size)
        return _Scan(file, size if stop is None else min(stop, size), str(path)).run()


def _without_zeros(file: BinaryIO, size: int) -> int:
    """Where the content ends: after a power cut a file may end in pages of zeros."""
    stop = size
    while stop > 0:
        start = max(0, stop - _PAGE)
        file.seek(start)
        content = file.read(stop - start).rstrip(b"\0")
        stop = start + len(content)
        if content:
            break
    return stop if size - stop >= _PAGE else size


def finish(path: Path) -> int:
    """Make a whole file of a cut one, in place.

    Returns:
        The number of messages in it.

    Raises:
        OSError: it cannot be written, or not even its index finds room.
        InputError: nothing of it can be used.
    """
    stop = path.stat().st_size
    while True:
        found = salvage(path, stop)
        try:
            with path.open("r+b", buffering=0) as file:
                file.truncate(found.end)
                file.seek(found.end)
                left = memoryview(found.tail)
                while left:
                    left = left[file.write(left) :]
            return found.messages
        except OSError as error:
            if error.errno not in _NO_ROOM or found.retreat >= stop:
                raise
            # Give up a part of the last chunk, then the next.
            step = max((stop - found.retreat) // 8, _PAGE)
            stop = max(found.retreat, stop - step)


class _Scan:
    """One pass over the heads of a file's records; only chunks with news are unpacked."""

    def __init__(self, file: BinaryIO, stop: int, name: str) -> None:
        self._file = file
        self._stop = stop
        self._name = name
        self._schemas: dict[int, bytes] = {}
        self._channels: dict[int, bytes] = {}
        self._chunks: list[Chunk] = []
        # Messages that lie outside of chunks.
        self._counts: Counter[int] = Counter()
        self._span = _Span()

    def run(self) -> Salvage:
        end, last = self._heads()
        for chunk in self._chunks:
            if chunk.counts.keys() - self._channels.keys():
                self._contents(self._unpack(chunk))
        if last is None:
            retreat = self._chunks[-1].offset if self._chunks else end
            return self._salvage(end, b"", retreat)
        raw = self._unpack(last)
        contents = self._contents(raw)
        stop = last.offset + last.length
        rebuilt = b""
        if stop > end or contents.size < last.raw_size or last.crc not in (0, crc32(raw)):
            first_ns, last_ns = contents.span.first_ns, contents.span.last_ns
            rebuilt = mcap.chunk_record(raw[: contents.size], first_ns, last_ns)
            stop = last.offset
            packed_size = len(rebuilt) - mcap.CHUNK_HEAD_SIZE
            last = Chunk(stop, len(rebuilt), first_ns, last_ns, contents.size, packed_size, "zstd")
        index = mcap.message_index_records(last, contents.messages)
        self._chunks.append(last)
        return self._salvage(stop, rebuilt + index, last.offset)

    def _heads(self) -> tuple[int, Chunk | None]:
        """Walk the file.

        Returns:
            Where its whole records end, and the last chunk if that or its index may be cut.
        """
        self._file.seek(0)
        if self._file.read(len(mcap.MAGIC)) != mcap.MAGIC:
            raise InputError(f"{self._name}: not an MCAP file")
        heads = mcap.record_heads(self._file, len(mcap.MAGIC), self._stop)
        opcode, offset, length = next(heads, (0, 0, 0))
        if opcode != mcap.HEADER:
            raise InputError(f"{self._name}: cut before its first record, nothing to recover")
        end = offset + length
        index_may_be_cut = False
        for opcode, offset, length in heads:
            if opcode in (mcap.DATA_END, mcap.FOOTER):
                return end, None
            if opcode == mcap.CHUNK:
                chunk = mcap.chunk_at(self._file, end, self._stop)
                if chunk is None or chunk.data_offset + chunk.packed_size > offset + length:
                    break
                self._chunks.append(chunk)
            elif opcode == mcap.MESSAGE_INDEX and self._chunks:
                self._index(self._chunks[-1], offset, length)
            else:
                self._loose(opcode, offset, length)
            end = offset + length
            index_may_be_cut = opcode in (mcap.CHUNK, mcap.MESSAGE_INDEX)
        cut = mcap.chunk_at(self._file, end, self._stop)
        if cut is None and index_may_be_cut and self._chunks:
            return end, self._chunks.pop()
        return end, cut

    def _index(self, chunk: Chunk, offset: int, length: int) -> None:
        if length < 6:
            return
        self._file.seek(offset)
        channel, size = struct.unpack("<HI", self._file.read(6))
        chunk.indexes[channel] = offset - mcap.PREFIX_SIZE
        chunk.counts[channel] = size // mcap.INDEX_ENTRY_SIZE
        chunk.index_length += length + mcap.PREFIX_SIZE

    def _loose(self, opcode: int, offset: int, length: int) -> None:
        self._file.seek(offset)
        if opcode in (mcap.SCHEMA, mcap.CHANNEL):
            self._describe(opcode, self._file.read(length))
        elif opcode == mcap.MESSAGE:
            head = mcap.message_head(self._file.read(min(length, mcap.MESSAGE_HEAD_SIZE)))
            if head is not None:
                self._counts[head[0]] += 1
                self._span.add(head[1])

    def _describe(self, opcode: int, body: bytes) -> None:
        if len(body) >= 2:
            number = int.from_bytes(body[:2], "little")
            (self._schemas if opcode == mcap.SCHEMA else self._channels)[number] = body

    def _unpack(self, chunk: Chunk) -> bytes:
        self._file.seek(chunk.data_offset)
        size = min(chunk.packed_size, self._stop - chunk.data_offset)
        return mcap.unpack(self._file.read(max(size, 0)), chunk.compression, chunk.raw_size)

    def _contents(self, raw: bytes) -> _Contents:
        contents = _Contents()
        for opcode, position, body in mcap.records(raw):
            if opcode == mcap.MESSAGE:
                head = mcap.message_head(body)
                if head is None:
                    break
                contents.messages.setdefault(head[0], []).append((head[1], position))
                contents.span.add(head[1])
            elif opcode in (mcap.SCHEMA, mcap.CHANNEL):
                self._describe(opcode, bytes(body))
            contents.size = position + mcap.PREFIX_SIZE + len(body)
        return contents

    def _salvage(self, end: int, tail: bytes, retreat: int) -> Salvage:
        for chunk in self._chunks:
            for channel, count in chunk.counts.items():
                self._counts[channel] += count
            if chunk.counts:
                self._span.add(chunk.start_ns)
                self._span.add(chunk.end_ns)
        counts = {k: n for k, n in sorted(self._counts.items()) if k in self._channels}
        summary = b"".join(mcap.record(mcap.SCHEMA, body) for body in self._schemas.values())
        summary += b"".join(mcap.record(mcap.CHANNEL, body) for body in self._channels.values())
        summary += b"".join(mcap.chunk_index_record(chunk) for chunk in self._chunks)
        summary += mcap.record(
            mcap.STATISTICS,
            struct.pack(
                "<QHIIIIQQI",
                sum(counts.values()),
                len(self._schemas),
                len(self._channels),
                0,
                0,
                len(self._chunks),
                self._span.first_ns,
                self._span.last_ns,
                10 * len(counts),
            )
            + b"".join(struct.pack("<HQ", *item) for item in counts.items()),
        )
        tail += mcap.record(mcap.DATA_END, bytes(4))
        footer = mcap.record(mcap.FOOTER, struct.pack("<QQI", end + len(tail), 0, 0))
        tail += summary + footer + mcap.MAGIC
        return Salvage(end, tail, retreat, sum(counts.values()), self._span.last_ns)


class _Span:
    """Earliest and latest time; rosbags writes these two numbers for no message."""

    def __init__(self) -> None:
        self.first_ns = 2**63 - 1
        self.last_ns = 0

    def add(self, time_ns: int) -> None:
        self.first_ns = min(self.first_ns, time_ns)
        self.last_ns = max(self.last_ns, time_ns)


class _Contents:
    """What lies in a chunk: its whole records' bytes, and time and place of each message."""

    def __init__(self) -> None:
        self.size = 0
        self.messages: dict[int, list[tuple[int, int]]] = {}
        self.span = _Span()
