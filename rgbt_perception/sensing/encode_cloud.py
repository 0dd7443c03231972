"""The result as an organised sensor_msgs/PointCloud2."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rgbt_perception.frames import Perception
from rgbt_perception.geometry.cloud import POINT, organised_cloud
from rgbt_perception.sensing.encode import MessageFactory, header

_DATATYPES = {np.dtype(np.uint8): 2, np.dtype(np.float32): 7}  # PointField.UINT8, FLOAT32


def cloud_message(
    factory: MessageFactory,
    perception: Perception,
    stride: int,
    edge_threshold: float,
    label: npt.NDArray[np.uint8] | None = None,
    point: np.dtype[np.void] = POINT,
) -> Any:
    """sensor_msgs/PointCloud2 in the optical frame of the reference camera.

    Organised (height x width as the picture), not dense, 28 bytes a point unless fewer fields are
    wanted: x, y, z (metres, NaN where unknown), rgb (packed as PCL does), temperature (kelvin),
    confidence, all FLOAT32, and label, UINT8.

    Args:
        factory: makes the messages.
        perception: the result.
        stride: every n-th row and column.
        edge_threshold: see ``organised_cloud``.
        label: (H, W) uint8 class ids; None gives 0.
        point: see ``organised_cloud``.
    """
    points = organised_cloud(
        perception.camera,
        perception.depth,
        perception.color,
        perception.temperature,
        perception.confidence,
        label,
        stride,
        edge_threshold,
        factory.room,
        point,
    )
    height, width = points.shape
    fields = []
    for name in point.names or ():
        kind, offset = point.fields[name][:2]  # type: ignore[index]
        fields.append(
            factory.make(
                "sensor_msgs/msg/PointField",
                name=name,
                offset=offset,
                datatype=_DATATYPES[kind],
                count=1,
            )
        )
    return factory.make(
        "sensor_msgs/msg/PointCloud2",
        header=header(factory, perception.stamp_ns, perception.frame_id),
        height=height,
        width=width,
        fields=fields,
        is_bigendian=False,
        point_step=point.itemsize,
        row_step=point.itemsize * width,
        data=factory.data(points.reshape(-1).view(np.uint8)),
        is_dense=False,
    )
