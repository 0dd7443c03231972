"""A pair that nobody took, so that the first one of a camera finds everything ready.

A process' first result takes several times as long as the next one: code is loaded, tables of the
geometry are computed and memory is got from the system. At 30 pictures a second that would cost
the pairs which come in the meantime.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from rgbt_perception.config import CloudFields
from rgbt_perception.engines.constant import ConstantEngine, ConstantSceneEngine
from rgbt_perception.geometry.camera import CameraModel, make_camera_model
from rgbt_perception.geometry.rig import Rig
from rgbt_perception.outputs import Output, usual_topics
from rgbt_perception.pipeline import DepthPipeline
from rgbt_perception.sensing.encode import Picture, image_message
from rgbt_perception.session import Session, Stream

# The second finds the memory of the first.
_PAIRS = 2
_STAMP_NS = 1_000_000_000
_PERIOD_NS = 33_000_000


def usual_rig() -> Rig:
    """A rig of usual sizes, for as long as nothing is known of the cameras."""
    return Rig(_camera("rgb", 1280, 720), _camera("thermal", 640, 512), np.eye(4))


def rehearse(
    session: Session, rig: Rig, deliver: Callable[[Output], Any] = lambda output: None
) -> None:
    """Compute results of blank pictures as a session would, without its networks.

    Nothing of it is seen in the session: it is done by another one with the same parameters and
    messages. The networks are warm when they have been loaded.

    Args:
        session: what is rehearsed for; no other thread may be computing with its messages.
        rig: the geometry.
        deliver: what the host does to an output before it leaves the process.
    """
    pipeline = session.pipeline
    scene = pipeline.scene
    stand_in = DepthPipeline(
        session.config.output,
        ConstantEngine(pipeline.width, pipeline.height),
        None if scene is None else ConstantSceneEngine(scene.width, scene.height),
    )
    double = session.double(rig, stand_in, usual_topics(scene is not None))
    # Clouds of fewer fields need less, but that can be changed while the host runs.
    whole = replace(session.config.output, cloud_fields=CloudFields.ALL)
    double.reconfigure(replace(session.config, output=whole))
    color, counts = rig.rgb.raw, rig.thermal.raw
    pictures: tuple[tuple[Stream, CameraModel, Picture, str], ...] = (
        (
            Stream.RGB_IMAGE,
            rig.rgb,
            np.zeros((color.height, color.width, 3), np.uint8),
            "rgb8",
        ),
        (
            Stream.THERMAL_IMAGE,
            rig.thermal,
            np.zeros((counts.height, counts.width), np.uint16),
            "mono16",
        ),
    )
    for number in range(_PAIRS):
        now_ns = _STAMP_NS + number * _PERIOD_NS
        for stream, camera, picture, encoding in pictures:
            message = image_message(double.factory, picture, encoding, now_ns, camera.frame_id)
            for output in double.handle(stream, message, now_ns):
                deliver(output)
    for output in double.finish():
        deliver(output)


def _camera(name: str, width: int, height: int) -> CameraModel:
    k = [0.8 * width, 0, (width - 1) / 2, 0, 0.8 * width, (height - 1) / 2, 0, 0, 1]
    return make_camera_model(name=name, width=width, height=height, k=k, frame_id=name)
