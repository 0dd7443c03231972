"""The compiled loops against the plain way, which `test_pipeline` tests."""

from __future__ import annotations

from importlib.util import find_spec

import hypothesis.extra.numpy
import numpy as np
import pytest
from both_ways import compiling
from hypothesis import given
from hypothesis import strategies as st

from rgbt_perception.config import OutputConfig
from rgbt_perception.engines.constant import ConstantEngine
from rgbt_perception.frames import Calibration, FramePair, Mode, Pinhole, ThermalFrame
from rgbt_perception.pipeline import DepthPipeline, Wanted

# Not by leaving the module: what collects launch tests, on ROS, would leave its folder too.
pytestmark = pytest.mark.skipif(find_spec("numba") is None, reason="needs the extra [cpu]")


class Given(ConstantEngine):
    """A depth network that says what it is told."""

    depth = confidence = np.empty(0, np.float32)

    def run(self, inputs, outputs):
        found = {"depth": self.depth, "confidence": self.confidence}
        return {name: found[name][None, None] for name in outputs}


ENGINE = Given(64, 64)


@given(
    depth=hypothesis.extra.numpy.arrays(
        np.float32,
        (64, 64),
        elements=st.sampled_from([0.1, 0.3, 1, 1.03, 5, 99.99, 100, 100.00001, 150, np.inf])
        | st.floats(0.0625, 256, width=32),
        fill=st.sampled_from([0, 3, 120]),
    ),
    size=st.sampled_from([64, 96, 128]),
    low=st.sampled_from([0.0, 0.3, 1.0]),
)
def test_both_ways_are_equal_to_the_bit(depth, size, low):
    ENGINE.depth = depth
    ENGINE.confidence = np.minimum(depth / 100, np.float32(1))
    camera = Pinhole(size, size, 50.0, 50.0, 31.5, 31.5)
    picture = np.zeros((size, size), np.float32)
    pair = FramePair(
        None,
        ThermalFrame(picture, None, 1),
        Calibration(None, camera, np.eye(4)),
        "thermal_optical_frame",
        Mode.THERMAL_ONLY,
    )
    results = []
    for compiled in (False, True):
        with compiling(compiled, "pipeline"):
            pipeline = DepthPipeline(OutputConfig(min_depth_m=low), ENGINE)
            results.append(pipeline.process(pair, Wanted(color=False, temperature=False)))
    plain, loops = results
    np.testing.assert_array_equal(plain.depth.view(np.uint32), loops.depth.view(np.uint32))
    np.testing.assert_array_equal(plain.confidence, loops.confidence)
