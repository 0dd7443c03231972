"""Whether the socket buffers of this machine hold the messages that are sent."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlparse
from xml.etree import ElementTree

# What Cyclone DDS asks for by itself, and what this package's configuration asks.
_DEFAULT_BYTES = 1 << 20
_OURS_BYTES = 4 << 20
# Messages of twice the buffer still arrived here while the reader kept up; larger ones did not.
_FACTOR = 2
_RMEM_MAX = Path("/proc/sys/net/core/rmem_max")
_UNITS = {"": 1, "b": 1, "kb": 1 << 10, "kib": 1 << 10, "mb": 1 << 20, "mib": 1 << 20}


def requested_bytes(environment: Mapping[str, str] = os.environ) -> int:
    """The receive buffer that this package's programs ask for, bytes.

    What ``CYCLONEDDS_URI`` says of it replaces their own.
    """
    uri = environment.get("CYCLONEDDS_URI", "")
    sizes = []
    for part in uri.split(","):
        for element in _elements(part.strip()):
            if element.tag.rpartition("}")[2] == "SocketReceiveBufferSize":
                sizes += [_bytes(element.get(name, "default")) for name in ("min", "max")]
    return max(sizes, default=_OURS_BYTES)


def allowed_bytes(path: Path = _RMEM_MAX) -> int | None:
    """What the kernel grants at most; None where it does not tell."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def buffer_warnings(largest: int, topic: str, requested: int, allowed: int | None) -> list[str]:
    """What to change so that messages of that size arrive whole, one line each.

    Args:
        largest: bytes of the largest message seen.
        topic: where it was seen.
        requested: buffer asked for, bytes.
        allowed: ``net.core.rmem_max``; None when not known.
    """
    seen = f"messages of {largest / 1e6:.1f} MB on {topic}"
    lines = []
    if requested * _FACTOR < min(largest, _OURS_BYTES * _FACTOR):
        lines.append(
            f"CYCLONEDDS_URI asks for a receive buffer of {requested / 1e6:.1f} MB only, too small "
            f'for {seen}: set <SocketReceiveBufferSize min="default" max="4MB"/> in it'
        )
    if allowed is not None and allowed < requested and allowed * _FACTOR < largest:
        lines.append(
            f"the system allows receive buffers of {allowed / 1e6:.1f} MB only, too small for "
            f"{seen}: sudo sysctl -w net.core.rmem_max={_OURS_BYTES}"
        )
    return lines


def _elements(part: str) -> list[ElementTree.Element]:
    """Of a configuration, inline or in a file; none if it cannot be read."""
    try:
        if part.startswith("<"):
            return list(ElementTree.fromstring(part).iter())
        path = unquote(urlparse(part).path) if part.startswith("file:") else part
        return list(ElementTree.parse(path).iter())
    except (OSError, ElementTree.ParseError):
        return []


def _bytes(text: str) -> int:
    found = re.fullmatch(r"\s*(\d+)\s*([A-Za-z]*)\s*", text)
    if found is None or found[2].lower() not in _UNITS:
        return _DEFAULT_BYTES
    return int(found[1]) * _UNITS[found[2].lower()]
