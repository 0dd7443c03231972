"""A network's form in int8: ``NAME.int8.onnx`` beside ``NAME.onnx``, made from it.

``python -m rgbt_perception.training.int8`` makes it where its accuracy passes. Whether there is one
beside a shipped model decides what ``engine.precision: auto`` loads with OpenVINO; nothing else has
to be switched.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from rgbt_perception.engines.onnx_metadata import onnx_metadata
from rgbt_perception.errors import RgbtError

SUFFIX = ".int8.onnx"
SOURCE = "float32_sha256"
"""Text property of such a file: SHA-256 of the file that it was made from, hexadecimal."""


def int8_path(plain: Path) -> Path:
    """Where the int8 form of a model's file is looked for."""
    return plain.with_name(plain.name.removesuffix(".onnx") + SUFFIX)


def int8_file(plain: Path) -> Path:
    """The int8 form of a model's file.

    Args:
        plain: ONNX file in float32.

    Raises:
        RgbtError: there is none, it cannot be read, or it was made from another file than this.
    """
    path = int8_path(plain)
    if not path.is_file():
        raise RgbtError(f"model {plain}: has no form in int8; expected {path.name} beside it")
    try:
        source = onnx_metadata(path.read_bytes()).get(SOURCE, "")
        digest = hashlib.sha256(plain.read_bytes()).hexdigest()
    except OSError as error:
        raise RgbtError(f"model {error.filename}: {error.strerror}") from None
    if source != digest:
        raise RgbtError(
            f"model {path}: was made from another file than {plain.name} "
            f"({SOURCE} {source[:12] or 'not given'}, expected {digest[:12]})"
        )
    return path
