from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rgbt_perception.evaluation.benchmark.growth import exponent, scaling
from rgbt_perception.evaluation.benchmark.growth_plot import growth_svg

SVG = "{http://www.w3.org/2000/svg}"


def run(network, camera, milliseconds, engine=5.0):
    return {
        "engine": "onnxruntime & more",
        "network": list(network),
        "rgb": list(camera),
        "thermal": list(camera),
        "latency_ms": {"depth_engine": {"p50": engine}, "total": {"p50": milliseconds}},
    }


RUNS = [
    run((320, 256), (640, 512), 20.0, 10.0),
    run((640, 512), (640, 512), 80.0, 80.0),
    run((320, 256), (1280, 1024), 40.0, 10.0),
]


@given(st.floats(-1, 3), st.floats(0.01, 100), st.lists(st.floats(1, 1e6), min_size=2, unique=True))
def test_the_exponent_of_a_power_is_its_own(power, factor, pixels):
    if max(pixels) / min(pixels) > 1.01:
        times = [factor * value**power for value in pixels]
        assert exponent(pixels, times) == pytest.approx(power, abs=1e-6)


def test_networks_and_cameras_are_told_apart():
    found = scaling(RUNS)
    assert found["scaling"] == pytest.approx(1.0)
    assert found["scaling_engines"] == pytest.approx(1.5)
    assert found["scaling_cameras"] == pytest.approx(0.5)


def test_one_size_does_not_grow():
    assert scaling(RUNS[:1]) == {}
    assert scaling([RUNS[0], RUNS[2]]).keys() == {"scaling_cameras"}


def test_the_plot_shows_every_size_within_its_frame():
    root = ElementTree.fromstring(growth_svg(RUNS, "a machine <with> two cores"))
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert {"a machine <with> two cores", "640x512", "1280x1024", "in proportion"} <= set(texts)
    width, height = float(root.get("width")), float(root.get("height"))
    charts = root.findall(f"{SVG}g")
    assert len(charts) == 2
    for chart in charts:
        dots = chart.findall(f"{SVG}circle")
        assert len(dots) == 4  # whole pipeline and networks, two sizes each
        for dot in dots:
            assert 0 < float(dot.get("cx")) < width / 2
            assert 0 < float(dot.get("cy")) < height


def test_larger_is_right_and_slower_is_higher():
    root = ElementTree.fromstring(growth_svg(RUNS[:2], "m"))
    (chart,) = root.findall(f"{SVG}g")
    first, second = chart.findall(f"{SVG}circle")[:2]
    assert float(first.get("cx")) < float(second.get("cx"))
    assert float(first.get("cy")) > float(second.get("cy"))
