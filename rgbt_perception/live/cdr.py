"""Messages as CDR that Cyclone DDS takes as it is: a cloud of 9 MB is not copied once more."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, SupportsIndex

if TYPE_CHECKING:
    from rosbags.typesys.store import Typestore

_HEADER = 4  # representation and options
_LITTLE_ENDIAN = sys.byteorder == "little"


class Cdr(bytearray):
    """Bytes of CDR, padded to whole words as DDS wants them.

    Cyclone DDS' Python package pads whatever it is given with ``ljust``, which copies a
    ``bytearray`` even when there is nothing to add.
    """

    def ljust(self, width: SupportsIndex, fillchar: bytes | bytearray = b"\0", /) -> bytearray:
        """Itself where it is long enough."""
        return self if len(self) >= int(width) else super().ljust(width, fillchar)


def serialize(store: Typestore, message: Any, type_name: str) -> Cdr:
    """A message as CDR, with its header.

    Args:
        store: holds the definition.
        message: has the fields of the type.
        type_name: e.g. ``sensor_msgs/msg/Image``.
    """
    definition = store.get_msgdef(type_name)
    size = _HEADER + definition.getsize_cdr(0, message, store)
    # Fresh zeros: rosbags does not write the ends of strings.
    data = Cdr(-(-size // 4) * 4)
    data[1] = _LITTLE_ENDIAN
    write = definition.serialize_cdr_le if _LITTLE_ENDIAN else definition.serialize_cdr_be
    write(memoryview(data)[_HEADER:], 0, message, store)
    return data
