from __future__ import annotations

import struct

import numpy as np
import pytest

from rgbt_perception.frames import Mode, Perception, Pinhole
from rgbt_perception.geometry.cloud import POINT_XYZ, POINT_XYZRGB
from rgbt_perception.sensing.encode_cloud import cloud_message

CAMERA = Pinhole(6, 4, 5.0, 5.0, 2.5, 1.5)


def perception(**changes):
    depth = np.full((4, 6), 2.0, dtype=np.float32)
    depth[1, 2] = np.nan
    values = {
        "camera": CAMERA,
        "stamp_ns": 7,
        "frame_id": "thermal_optical_frame",
        "mode": Mode.FULL,
        "reasons": (),
        "offset_ns": 0,
        "depth": depth,
        "confidence": np.full((4, 6), 0.75, dtype=np.float32),
        "color": np.full((4, 6, 3), (1, 2, 3), dtype=np.uint8),
        "temperature": np.full((4, 6), 300.0, dtype=np.float32),
    }
    return Perception(**(values | changes))


def test_the_message_as_a_stranger_reads_it(factory, over_the_wire):
    labels = np.arange(24, dtype=np.uint8).reshape(4, 6)
    message = over_the_wire(cloud_message(factory, perception(), 1, 0.08, labels))
    assert (message.height, message.width) == (4, 6)
    assert (message.point_step, message.row_step) == (28, 168)
    assert not message.is_dense
    assert not message.is_bigendian
    assert message.header.frame_id == "thermal_optical_frame"
    layout = [(f.name, f.offset, f.datatype, f.count) for f in message.fields]
    assert layout == [
        ("x", 0, 7, 1),
        ("y", 4, 7, 1),
        ("z", 8, 7, 1),
        ("rgb", 12, 7, 1),
        ("temperature", 16, 7, 1),
        ("confidence", 20, 7, 1),
        ("label", 24, 2, 1),
    ]
    data = bytes(message.data)
    assert len(data) == 4 * 6 * 28
    for row in range(4):
        for column in range(6):
            place = row * message.row_step + column * message.point_step
            x, y, z, rgb, kelvin, confidence, label = struct.unpack_from("<fffIffB", data, place)
            if (row, column) == (1, 2):
                assert np.isnan([x, y, z]).all()
            else:
                assert (x, y, z) == (
                    np.float32((column - 2.5) / 5 * 2),
                    np.float32((row - 1.5) / 5 * 2),
                    2.0,
                )
            assert rgb == 0x00010203
            assert (kelvin, confidence) == (300.0, 0.75)
            assert label == row * 6 + column
            assert data[place + 25 : place + 28] == b"\0\0\0"


def test_what_is_missing_is_marked(factory):
    bare = perception(color=None, temperature=None)
    message = cloud_message(factory, bare, 2, 0.0)
    assert (message.height, message.width, message.row_step) == (2, 3, 84)
    _, _, _, rgb, kelvin, _, label = struct.unpack_from("<fffIffB", bytes(message.data), 28)
    assert (rgb, label) == (0, 0)
    assert np.isnan(kelvin)


@pytest.mark.parametrize("point", [POINT_XYZ, POINT_XYZRGB])
def test_fewer_fields_are_named(factory, over_the_wire, point):
    message = over_the_wire(cloud_message(factory, perception(), 1, 0.0, point=point))
    names = ["x", "y", "z", "rgb"][: len(point.names)]
    assert [(f.name, f.offset, f.datatype) for f in message.fields] == [
        (name, 4 * index, 7) for index, name in enumerate(names)
    ]
    step = 4 * len(names)
    assert (message.point_step, message.row_step) == (step, 6 * step)
    assert len(message.data) == 4 * 6 * step
