from __future__ import annotations

import threading
import time
from itertools import islice

import numpy as np
import pytest

from rgbt_perception.errors import UsageError
from rgbt_perception.simulation.settings import SimulatorSettings, Source

pytest.importorskip("mujoco", reason="needs MuJoCo: pip install '.[sim]'")


def settings(**changes: object) -> SimulatorSettings:
    plain: dict[str, object] = {
        "source": Source.RENDERING,
        "seconds": 0.2,
        "rate": 5.0,
        "seed": 700321,
        "rgb_size": "48x40",
        "thermal_size": "40x32",
    }
    return SimulatorSettings(**{**plain, **changes})


def test_a_rendered_rig_streams_pictures_truth_and_geometry_and_loops() -> None:
    stopped = threading.Event()
    stream = settings().stream(stopped)
    latched = list(islice(stream, 4))
    assert [m.topic for m in latched] == ["/tf_static", "/tf_static", "/rig", "/ground_truth/scene"]
    assert all(m.latched for m in latched)
    first = list(islice(stream, 8))
    assert {m.topic for m in first} == {
        f"/{prefix}"
        for camera in ("rgb", "thermal")
        for prefix in (
            f"{camera}/image",
            f"{camera}/camera_info",
            f"ground_truth/{camera}/depth/image",
            f"ground_truth/{camera}/labels/image",
        )
    }
    again = list(islice(stream, 8))
    begun = time.monotonic()
    stopped.set()
    assert list(stream) == []
    assert time.monotonic() - begun < 5
    # One moment of 0.2 s is all there is: the lap after it shows the same, 0.2 s later.
    for one, two in zip(first, again, strict=True):
        assert two.due_ns - one.due_ns == 200_000_000
        if one.topic.endswith("image"):
            assert np.array_equal(one.message.data, two.message.data)


def test_a_bad_size_is_named() -> None:
    with pytest.raises(UsageError, match="rgb_size is 'wide', expected WIDTHxHEIGHT"):
        settings(rgb_size="wide").stream(threading.Event())


def test_a_dropout_silences_one_camera() -> None:
    stopped = threading.Event()
    stream = settings(dropout="thermal:0-1").stream(stopped)
    topics = [m.topic for m in islice(stream, 4 + 7)]
    stopped.set()
    stream.close()  # type: ignore[attr-defined]
    assert "/thermal/image" not in topics
    assert "/thermal/camera_info" in topics
    assert "/rgb/image" in topics
