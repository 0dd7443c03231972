"""Writes one MCAP file that is whole at every end: success, exception, Ctrl-C or a full disk."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from rgbt_perception.errors import InputError, RgbtError
from rgbt_perception.recording.interrupt import uninterrupted
from rgbt_perception.recording.recovery import finish, salvage
from rgbt_perception.recording.types import typestore

if TYPE_CHECKING:
    from rosbags.interfaces import Connection, Qos
    from rosbags.rosbag2 import Writer

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


class RecordingWriter:
    """A recording being written: a context manager.

    The file grows in a hidden folder beside the target and is moved into place when the block
    ends, however it ends: an interrupted recording is kept with everything that was written, and
    an existing target stays untouched until then.
    """

    def __init__(self, path: Path) -> None:
        """Name the file.

        Args:
            path: the file to make; its folder is created if need be.

        Raises:
            InputError: the name does not end in ``.mcap``, or is that of a folder.
        """
        if path.suffix != ".mcap":
            raise InputError(f"{path}: expected a file name that ends in .mcap")
        if path.is_dir():
            raise InputError(f"{path}: is a folder, expected the name of a file to write")
        self._path = path
        self._folder = Path()
        self._writer: Writer | None = None
        self._connections: dict[str, Connection] = {}
        self._count = 0

    def __enter__(self) -> RecordingWriter:
        """Create the file."""
        from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer

        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._folder = Path(
                tempfile.mkdtemp(prefix=f".{self._path.stem}-", dir=self._path.parent)
            )
            writer = Writer(
                self._folder / "bag",
                version=Writer.VERSION_LATEST,
                storage_plugin=StoragePlugin.MCAP,
            )
            writer.set_compression(CompressionMode.STORAGE, CompressionFormat.ZSTD)
            writer.open()
        except OSError as error:
            self._discard()
            raise RgbtError(f"{self._path}: cannot be written ({error.strerror})") from None
        self._writer = writer
        return self

    def write(
        self, topic: str, message: Any, type_name: str, time_ns: int, latched: bool = False
    ) -> None:
        """Append a message.

        Args:
            topic: with its leading slash.
            message: any object with the fields of the type.
            type_name: e.g. ``sensor_msgs/msg/Image``.
            time_ns: log time, nanoseconds, not negative.
            latched: players give it to late subscribers too; the first message decides.

        Raises:
            RgbtError: full disk or another failure to write. What fits is a finished file then.
        """
        if time_ns < 0:
            raise RgbtError(f"{topic}: time {time_ns} ns, expected 0 or later")
        data = typestore().serialize_cdr(message, type_name)
        with self._guarded() as writer:
            connection = self._connections.get(topic)
            if connection is None:
                connection = writer.add_connection(
                    topic,
                    type_name,
                    typestore=typestore(),
                    offered_qos_profiles=[_qos(latched)],
                )
                self._connections[topic] = connection
            elif connection.msgtype != type_name:
                raise RgbtError(f"{topic}: is {connection.msgtype} so far, now {type_name}")
            self._count += 1
            writer.write(connection, time_ns, data)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish the file and move it into place."""
        if self._writer is not None:
            with self._guarded(self._count) as writer:
                writer.close()
                self._move()

    @contextmanager
    def _guarded(self, enough: int | None = None) -> Iterator[Writer]:
        """Do one step whole; if the disk refuses, finish what is there and raise one line.

        Args:
            enough: with this many messages in the file nothing was lost, and nothing is raised.
        """
        writer = self._writer
        if writer is None:
            raise RgbtError(f"{self._path}: is not open for writing")
        with uninterrupted():
            try:
                yield writer
            except OSError as error:
                with suppress(OSError):
                    writer.abort()
                kept = self._rescue()
                if kept is None or kept != enough:
                    reason = "disk full" if error.errno in _DISK_FULL else error.strerror
                    result = (
                        "nothing was kept" if kept is None else f"finished with {kept} messages"
                    )
                    raise RgbtError(f"{reason} while writing {self._path}: {result}") from None

    def _rescue(self) -> int | None:
        """Save what is in the file; None if that is not even a beginning."""
        try:
            try:
                kept = finish(self._file)
            except OSError:
                # Without its index it can still be read as a cut recording.
                kept = salvage(self._file).messages
        except (OSError, RgbtError):
            self._discard()
            return None
        self._move()
        return kept

    @property
    def _file(self) -> Path:
        return self._folder / "bag" / "bag.mcap"

    def _move(self) -> None:
        try:
            os.replace(self._file, self._path)
        except OSError as error:
            self._writer = None
            raise RgbtError(
                f"{self._path}: cannot be written ({error.strerror}); "
                f"the recording is left at {self._file}"
            ) from None
        self._discard()

    def _discard(self) -> None:
        self._writer = None
        if self._folder != Path():
            shutil.rmtree(self._folder, ignore_errors=True)


def _qos(latched: bool) -> Qos:
    from rosbags.interfaces import (
        Qos,
        QosDurability,
        QosHistory,
        QosLiveliness,
        QosReliability,
        QosTime,
    )

    unlimited = QosTime(9_223_372_036, 854_775_807)
    return Qos(
        QosHistory.KEEP_LAST,
        100 if latched else 10,
        QosReliability.RELIABLE,
        QosDurability.TRANSIENT_LOCAL if latched else QosDurability.VOLATILE,
        unlimited,
        unlimited,
        QosLiveliness.AUTOMATIC,
        unlimited,
        False,
    )
