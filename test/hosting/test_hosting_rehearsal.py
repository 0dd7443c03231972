"""What the first pair would pay for is paid before it comes."""

from __future__ import annotations

import time

import numpy as np
import pytest
from live_rig import FACTORY, IMAGE_STREAMS, INFO_STREAMS, make_session, picture, transforms

from rgbt_perception.config import Config, with_values
from rgbt_perception.engines.constant import ConstantEngine, ConstantSceneEngine
from rgbt_perception.geometry.camera import CameraModel, make_camera_model
from rgbt_perception.geometry.rig import Rig
from rgbt_perception.hosting.rehearsal import rehearse, usual_rig
from rgbt_perception.hosting.runner import Runner
from rgbt_perception.outputs import SCENE_TOPICS, TOPICS
from rgbt_perception.pipeline import DepthPipeline
from rgbt_perception.sensing.encode import camera_info_message
from rgbt_perception.session import Session, Stream

SIZES = {"rgb": (64, 48), "thermal": (40, 32)}


def distorted(name):
    width, height = SIZES[name]
    return make_camera_model(
        name=name,
        width=width,
        height=height,
        k=[50.0, 0, width / 2, 0, 50.0, height / 2, 0, 0, 1],
        d=[-0.1, 0.01, 0, 0, 0],
        frame_id=f"{name}_optical_frame",
    )


class Unused(ConstantEngine):
    def run(self, inputs, outputs):
        raise AssertionError("the network is not for rehearsals")


@pytest.mark.parametrize("scene", [False, True])
def test_every_output_is_made_and_nothing_of_it_is_counted(scene):
    config = Config()
    other = ConstantSceneEngine(64, 48) if scene else None
    session = Session(config, DepthPipeline(config.output, Unused(64, 48), other), FACTORY)
    outputs = []
    rehearse(session, Rig(distorted("rgb"), distorted("thermal"), np.eye(4)), outputs.append)
    offered = {**TOPICS, **SCENE_TOPICS} if scene else TOPICS
    expected = {topic for topic in offered if not topic.startswith("debug/")}
    assert {o.topic for o in outputs} == expected - {"semantic/label_info"}
    depth = [o.message for o in outputs if o.topic == "depth/image"]
    assert [(m.width, m.height) for m in depth] == [(40, 32)] * 2
    assert session.statistics.outputs == session.statistics.pairs == 0
    assert session.assembly.prepare() is None


def test_clouds_of_fewer_fields_are_rehearsed_whole():
    """The fields can be changed while the host runs."""
    config = with_values(Config(), {"output.cloud_fields": "xyz"})
    session = Session(config, DepthPipeline(config.output, Unused(64, 48)), FACTORY)
    outputs = []
    rehearse(session, Rig(distorted("rgb"), distorted("thermal"), np.eye(4)), outputs.append)
    assert {o.message.point_step for o in outputs if o.topic == "points"} == {28}
    assert session.config is config


def test_the_usual_rig_needs_no_rectification():
    rig = usual_rig()
    assert rig.rgb.is_rectified
    assert rig.thermal.is_rectified


class Runs:
    """A runner, and how many maps its pictures have been given."""

    def __init__(self, monkeypatch):
        self.maps, self.published, self.faults = 0, [], []
        compute = CameraModel.rectification_maps

        def counted(camera):
            self.maps += 1
            return compute(camera)

        monkeypatch.setattr(CameraModel, "rectification_maps", counted)
        self.session, self.engine = make_session()
        self.runner = Runner(self.session, self.published.extend, on_fault=self.faults.append)
        self.runner.start()

    def tell(self, name):
        message = camera_info_message(FACTORY, distorted(name), 1, f"{name}_optical_frame")
        self.runner.offer(INFO_STREAMS[name], message)

    def until(self, condition):
        end = time.monotonic() + 5.0
        while not condition():
            assert time.monotonic() < end, "waited in vain"
            time.sleep(0.005)

    def settled(self):
        """Until the worker has gone round a few times."""
        time.sleep(0.1)
        return self.maps


@pytest.fixture
def runs(monkeypatch):
    made = Runs(monkeypatch)
    yield made
    made.runner.stop()


def test_maps_are_there_before_the_first_pair(runs):
    for name in SIZES:
        runs.tell(name)
    assert runs.settled() == 0, "without the transform the geometry is not known"
    runs.runner.offer(Stream.TF_STATIC, transforms())
    runs.until(lambda: runs.maps > 0)
    before = runs.settled()
    runs.tell("rgb")
    assert runs.settled() == before, "nothing new was said"
    for name in SIZES:
        runs.runner.offer(IMAGE_STREAMS[name], picture(name, 1000))
    runs.until(lambda: runs.session.statistics.outputs == 1)
    assert runs.settled() == before
    assert runs.engine.runs == 1
    assert not runs.faults
