"""The naive peer does the same work: otherwise the ratio would say nothing."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("onnx", reason="the weights are read from the shipped file")

from rgbt_perception.evaluation.benchmark.inputs import PairSource, Sizes, bench_rig
from rgbt_perception.evaluation.benchmark.naive import NaivePerception
from rgbt_perception.evaluation.benchmark.pipeline_processor import PipelineProcessor
from rgbt_perception.evaluation.benchmark.torch_networks import depth_network
from rgbt_perception.evaluation.torch_engine import TorchEngine
from rgbt_perception.geometry.cloud import POINT
from rgbt_perception.models.folding import fold_batchnorm
from rgbt_perception.models.scene import Scene
from rgbt_perception.session import Stream

# Of one shape with the networks: beside the picture there is nothing to be equal about.
SIZES = Sizes(rgb=(320, 240), thermal=(240, 160))
NETWORK = (192, 128)
KINDS = {"32FC1": np.float32, "rgb8": np.uint8, "mono8": np.uint8}


@pytest.fixture(scope="module")
def networks():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    scene = Scene().eval()
    fold_batchnorm(scene)
    depth, weights = depth_network("confidence_depth")
    assert weights == "", "the shipped weights can be read back"
    yield depth, scene
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def results(networks):
    """Messages of the second pair by topic: the pipeline's, the naive peer's."""
    depth, scene = networks
    source = PairSource(SIZES)
    ours = PipelineProcessor(TorchEngine(depth, *NETWORK), TorchEngine(scene, *NETWORK), SIZES)
    session, found = ours.session(ours.config), {}
    stamp_ns = source.stamp_ns(1)
    for index in range(3):
        now_ns = source.stamp_ns(index)
        rgb, thermal = source.pair(index)
        outputs = session.handle(Stream.RGB_IMAGE, rgb, now_ns)
        outputs += session.handle(Stream.THERMAL_IMAGE, thermal, now_ns)
        found |= {output.topic: output.message for output in outputs if output.stamp_ns == stamp_ns}
    naive = NaivePerception(bench_rig(SIZES), depth, scene, NETWORK)
    naive.callback(*source.pair(0))
    return found, naive.callback(*source.pair(1)), naive


def picture(message):
    shape = (message.height, message.width, -1)
    return np.frombuffer(bytes(message.data), KINDS[message.encoding]).reshape(shape)


def points(messages):
    return np.frombuffer(bytes(messages["points"].data), POINT)


def pictures(results, topic):
    return [picture(messages[topic]) for messages in results[:2]]


def test_the_same_topics_but_for_the_status(results):
    ours, theirs, _ = results
    assert ours.keys() - {"status"} == theirs.keys()
    for topic, message in theirs.items():
        assert message.header.stamp == ours[topic].header.stamp
        assert message.header.frame_id == ours[topic].header.frame_id
        assert (message.height, message.width) == (ours[topic].height, ours[topic].width)
    np.testing.assert_allclose(theirs["depth/camera_info"].k, ours["depth/camera_info"].k)


def test_the_same_depth_and_confidence(results):
    ours, theirs = pictures(results, "depth/image")
    known = np.isfinite(ours) & np.isfinite(theirs)
    assert known.mean() > 0.5
    assert (np.isfinite(ours) == np.isfinite(theirs)).mean() > 0.98
    relative = np.abs(ours[known] - theirs[known]) / ours[known]
    assert np.percentile(relative, 50) < 0.01
    assert np.percentile(relative, 95) < 0.05
    ours, theirs = pictures(results, "confidence/image")
    assert np.abs(ours - theirs).mean() < 0.02


def test_the_same_fused_picture_and_labels(results):
    ours, theirs = (picture.astype(int) for picture in pictures(results, "fused/image"))
    assert np.abs(ours - theirs).mean() < 5
    assert ours.std() > 10
    for topic in ("semantic/image", "semantic/colored"):
        ours, theirs = pictures(results, topic)
        # Of random weights; with trained ones 99 % agree.
        assert (ours == theirs).mean() > 0.85


def test_the_same_cloud(results):
    ours, theirs = (points(messages) for messages in results[:2])
    assert results[0]["points"].fields == results[1]["points"].fields
    known = np.isfinite(ours["z"]) & np.isfinite(theirs["z"])
    assert known.mean() > 0.4
    for name in ("x", "y", "z", "temperature", "confidence"):
        np.testing.assert_allclose(
            np.median(np.abs(ours[name] - theirs[name])[known]), 0, atol=0.1, err_msg=name
        )
    assert (ours["label"] == theirs["label"]).mean() > 0.85
    channels = [found["rgb"].copy().view(np.uint8) for found in (ours, theirs)]
    assert np.abs(channels[0].astype(int) - channels[1]).mean() < 3


def test_rows_and_records_give_the_same_points(networks, results):
    naive = NaivePerception(bench_rig(SIZES), *networks, NETWORK, rows=False)
    source = PairSource(SIZES)
    naive.callback(*source.pair(0))
    found = points(naive.callback(*source.pair(1)))
    for name in POINT.names:
        np.testing.assert_array_equal(found[name], points(results[1])[name], err_msg=name)


def test_its_stages_add_up_to_its_total(results):
    naive = results[2]
    stages = dict(naive.process(PairSource(SIZES).pair(2)))
    total = stages.pop("total")
    assert {"depth_engine", "scene_engine", "cloud"} <= stages.keys()
    assert sum(stages.values()) == pytest.approx(total, rel=0.1)
