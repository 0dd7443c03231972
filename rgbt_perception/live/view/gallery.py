"""The newest picture of each kind, drawn only when a browser asks for it."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from rgbt_perception.errors import InputError
from rgbt_perception.evaluation.colormap import (
    DepthScale,
    confidence_colors,
    depth_colors,
    depth_scale,
    grey_picture,
)
from rgbt_perception.frames import ColorImage
from rgbt_perception.sensing.decode import color_picture, depth_picture, thermal_picture
from rgbt_perception.sensing.decode_raw import decode_raw

KINDS = ("rgb", "thermal", "depth", "confidence", "fused", "labels")

_WIDEST = 640  # pixels; more is wasted on a panel of half a screen
_QUALITY = 82
_WATCHED_S = 2.0  # a page asks several times a second; a tab in the background does not
_SCALES = 30  # the depth colours change only when this many pictures agree
_LEGEND = 256


@dataclass
class _Slot:
    message: Any = None
    number: int = 0
    drawn: int = 0
    jpeg: bytes = b""
    problem: str = ""


class Gallery:
    """Holds a reference to the newest message of each kind; safe for many threads.

    ``show`` costs an assignment. Decoding, colouring and JPEG happen in ``jpeg``, in the thread of
    the browser's request, once a picture however many browsers look.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._asked = -float("inf")
        self._slots = {kind: _Slot() for kind in KINDS}
        self._locks = {kind: threading.Lock() for kind in KINDS}
        self._scales: deque[DepthScale] = deque(maxlen=_SCALES)

    @property
    def watched(self) -> bool:
        """Whether a browser asked within the last two seconds."""
        return self._clock() - self._asked < _WATCHED_S

    def look(self) -> None:
        """A browser is there."""
        self._asked = self._clock()

    def show(self, kind: str, message: Any) -> None:
        """Take the newest message.

        Args:
            kind: one of ``KINDS``.
            message: Image or CompressedImage; 32FC1 metres for depth, 32FC1 for confidence.
        """
        slot = self._slots[kind]
        slot.message = message
        slot.number += 1

    @property
    def numbers(self) -> dict[str, int]:
        """How many pictures of each kind came; 0 = none yet."""
        return {kind: slot.number for kind, slot in self._slots.items()}

    @property
    def notes(self) -> dict[str, str]:
        """Size and encoding as sent, by kind."""
        return {
            kind: _note(slot.message)
            for kind, slot in self._slots.items()
            if slot.message is not None
        }

    @property
    def problems(self) -> dict[str, str]:
        """Why the newest picture asked for could not be drawn, by kind."""
        return {kind: slot.problem for kind, slot in self._slots.items() if slot.problem}

    @property
    def scale(self) -> DepthScale | None:
        """The depths at both ends of the colours now; None before the first picture."""
        scales = tuple(self._scales)
        if not scales:
            return None
        return DepthScale(min(s.near_m for s in scales), max(s.far_m for s in scales))

    def jpeg(self, kind: str) -> bytes | None:
        """The newest picture as a file, at most 640 pixels wide.

        Args:
            kind: one of ``KINDS``.

        Returns:
            None when there is none or when it cannot be drawn.
        """
        slot = self._slots[kind]
        with self._locks[kind]:
            number, message = slot.number, slot.message
            if message is None:
                return None
            if slot.drawn != number:
                slot.jpeg, slot.problem = b"", ""
                try:
                    slot.jpeg = encoded(self._drawn(kind, message))
                except InputError as error:
                    slot.problem = str(error)
                slot.drawn = number
            return slot.jpeg or None

    def _drawn(self, kind: str, message: Any) -> ColorImage:
        if kind in ("rgb", "fused"):
            return _shrunk(color_picture(message))
        if kind == "labels":
            # A mixed colour would be another class.
            return _shrunk(color_picture(message), cv2.INTER_NEAREST)
        if kind == "thermal":
            return grey_picture(_shrunk(thermal_picture(message)))
        if kind == "confidence":
            return confidence_colors(_shrunk(decode_raw(message)))
        depth = _shrunk(depth_picture(message))
        self._scales.append(depth_scale([depth]))
        scale = self.scale
        assert scale is not None, "one was just added"
        return depth_colors(depth, scale)


def legend(kind: str) -> bytes:
    """A strip of the colours from near to far or from 0 to 1, as a JPEG file.

    Args:
        kind: ``depth`` or ``confidence``.
    """
    steps = np.linspace(0.0, 1.0, _LEGEND, dtype=np.float32)
    if kind == "confidence":
        strip = confidence_colors(steps[None])
    else:
        # Equal steps of colour are equal ratios of depth, whatever the limits are.
        strip = depth_colors(np.exp(steps[None]), DepthScale(1.0, float(np.e)))
    return encoded(np.repeat(strip, 8, axis=0))


def encoded(picture: ColorImage) -> bytes:
    """(H, W, 3) uint8 R G B as a JPEG file."""
    _, data = cv2.imencode(
        ".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
    )
    return data.tobytes()


def _note(message: Any) -> str:
    if hasattr(message, "format"):
        return str(message.format)
    return f"{message.width}x{message.height} {message.encoding}"


def _shrunk(picture: np.ndarray[Any, Any], how: int | None = None) -> np.ndarray[Any, Any]:
    """At most ``_WIDEST`` pixels wide; unless told otherwise, depths are not mixed."""
    height, width = picture.shape[:2]
    if width <= _WIDEST:
        return picture
    size = (_WIDEST, max(1, round(height * _WIDEST / width)))
    # Depth has holes that averaging would spread; colour looks better averaged.
    if how is None:
        how = cv2.INTER_AREA if picture.ndim == 3 else cv2.INTER_NEAREST
    return np.asarray(cv2.resize(picture, size, interpolation=how))
