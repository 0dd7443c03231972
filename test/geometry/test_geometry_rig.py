from __future__ import annotations

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from rgbt_perception.errors import InputError
from rgbt_perception.geometry.camera import make_camera_model
from rgbt_perception.geometry.rig import (
    Rig,
    load_rig,
    rectified_calibration,
    rig_from_yaml,
    rig_to_yaml,
)
from rgbt_perception.geometry.transforms import rotation_from_quaternion, transform
from rgbt_perception.resources import share

K = [300.0, 0, 160, 0, 300.0, 120, 0, 0, 1]
TURN = rotation_from_quaternion((0.01, 0.02, -0.015, 1.0))


def rig(**changes):
    values = {
        "rgb": make_camera_model(name="rgb", width=320, height=240, k=K, frame_id="rgb"),
        "thermal": make_camera_model(
            name="t", width=160, height=120, k=K, d=[0.1] * 4, distortion_model="equidistant"
        ),
        "thermal_T_rgb": transform(TURN, (-0.1, 0.02, 0.0)),
    }
    return Rig(**(values | changes))


focal = st.floats(10.0, 5000.0)
center = st.floats(-100.0, 3000.0)
small = st.floats(-0.5, 0.5)


@st.composite
def cameras(draw):
    k = [draw(focal), 0, draw(center), 0, draw(focal), draw(center), 0, 0, 1]
    model, count = draw(
        st.sampled_from([("plumb_bob", 0), ("plumb_bob", 5), ("rational_polynomial", 8)])
    )
    p = [draw(focal), 0, draw(center), 0, 0, draw(focal), draw(center), 0, 0, 0, 1, 0]
    q = (draw(small), draw(small), draw(small), 1.0)
    return make_camera_model(
        name="cam",
        width=draw(st.integers(1, 5000)),
        height=draw(st.integers(1, 5000)),
        k=k,
        d=[draw(small) for _ in range(count)],
        distortion_model=model,
        r=draw(st.sampled_from([None, rotation_from_quaternion(q)])),
        p=draw(st.sampled_from([None, p])),
        frame_id=draw(st.sampled_from(["", "cam", "främe/ä", "12", "yes"])),
    )


@settings(deadline=None, max_examples=50)
@given(
    cameras(),
    cameras(),
    st.tuples(small, small, small),
    st.tuples(small, small, small, small.map(lambda v: v + 1)),
    st.floats(0, 10),
    st.floats(-500, 500),
)
def test_a_rig_survives_its_file(rgb, thermal, translation, q, gain, offset):
    matrix = transform(rotation_from_quaternion(q), translation)
    back = rig_from_yaml(rig_to_yaml(Rig(rgb, thermal, matrix, gain, offset)), "x")
    for ours, theirs in ((back.rgb, rgb), (back.thermal, thermal)):
        assert (ours.raw, ours.rectified) == (theirs.raw, theirs.rectified)
        assert (ours.distortion, ours.distortion_model) == (
            theirs.distortion,
            theirs.distortion_model,
        )
        assert ours.frame_id == theirs.frame_id
        np.testing.assert_array_equal(ours.rotation, theirs.rotation)
    np.testing.assert_allclose(back.thermal_T_rgb, matrix, atol=1e-9)
    assert (back.kelvin_per_count, back.kelvin_offset) == (gain, offset)


def test_a_rectified_rig_has_the_same_calibration_and_needs_no_rectification():
    rgb = make_camera_model(
        name="rgb", width=320, height=240, k=K, d=[0.1] * 5, r=TURN.reshape(-1), frame_id="rgb"
    )
    before = rig(rgb=rgb)
    after = before.rectified()
    calibrations = [
        rectified_calibration(one.rgb, one.thermal, one.thermal_T_rgb) for one in (before, after)
    ]
    assert calibrations[0].rgb == calibrations[1].rgb
    assert calibrations[0].thermal == calibrations[1].thermal
    np.testing.assert_array_equal(*(c.thermal_T_rgb for c in calibrations))
    assert not before.rgb.is_rectified
    assert after.rgb.is_rectified
    assert after.thermal.is_rectified
    assert after.rgb.frame_id == "rgb"


def test_rectification_turns_the_extrinsics():
    rgb_R = rotation_from_quaternion((0.0, 0.05, 0.0, 1.0))
    thermal_R = rotation_from_quaternion((0.03, 0.0, 0.01, 1.0))
    rgb = make_camera_model(name="c", width=320, height=240, k=K, r=rgb_R)
    thermal = make_camera_model(name="c", width=160, height=120, k=K, r=thermal_R)
    raw = transform(TURN, (-0.1, 0.02, 0.0))
    calibration = rectified_calibration(rgb, thermal, raw)
    point = np.array([0.7, -0.4, 5.0])  # in the raw RGB optical frame
    in_thermal = TURN @ point + (-0.1, 0.02, 0.0)
    found = calibration.thermal_T_rgb @ (*(rgb_R @ point), 1.0)
    np.testing.assert_allclose(found[:3], thermal_R @ in_thermal, atol=1e-12)
    assert calibration.rgb == rgb.rectified
    assert rectified_calibration(None, thermal, raw).rgb is None


def tree_with(path, value):
    tree = yaml.safe_load(rig_to_yaml(rig()))
    *parents, leaf = path
    node = tree
    for name in parents:
        node = node[name]
    if value is None:
        node.pop(leaf)
    else:
        node[leaf] = value
    return yaml.safe_dump(tree)


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (["rgb"], None, "rgb: expected a mapping"),
        (["thermal"], [1], "thermal: expected a mapping"),
        (["thermal_T_rgb"], None, "thermal_T_rgb: expected a mapping"),
        (["rgb", "k"], None, "rgb: k is missing"),
        (["rgb", "width"], None, "rgb: width is missing"),
        (["rgb", "width"], "wide", "rgb: "),
        (["rgb", "width"], float("inf"), "rgb: "),
        (["rgb", "width"], float("nan"), "rgb: "),
        (["rgb", "k"], [0] * 9, "rgb: focal lengths in k"),
        (["rgb", "k"], "abc", "rgb: "),
        (["rgb", "k"], [[1, 2], [3]], "rgb: "),
        (["thermal", "d"], [1, 2, 3], "thermal: d has 3"),
        (["thermal", "distortion_model"], "fish", "thermal: distortion_model is 'fish'"),
        (["thermal_T_rgb", "translation"], [1, 2], "translation is [1, 2], expected 3"),
        (["thermal_T_rgb", "translation"], ["a", 1, 2], "translation"),
        (["thermal_T_rgb", "rotation_xyzw"], None, "rotation_xyzw is None, expected 4"),
        (["thermal_T_rgb", "rotation_xyzw"], [0, 0, 0, 0], "quaternion"),
        (["radiometry"], "hot", "radiometry: expected a mapping"),
        (["radiometry", "kelvin_per_count"], "x", "kelvin_per_count is 'x'"),
        (["radiometry", "kelvin_per_count"], float("nan"), "kelvin_per_count is nan"),
        (["radiometry", "kelvin_per_count"], [1], "kelvin_per_count is [1]"),
    ],
)
def test_bad_content_is_named(path, value, expected):
    with pytest.raises(InputError) as caught:
        rig_from_yaml(tree_with(path, value), "rig some.yaml")
    assert str(caught.value).startswith("rig some.yaml: ")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "[1, 2", "- 1", "just words", "a: b: c", "\x00"])
def test_what_is_no_rig(text):
    with pytest.raises(InputError, match=r"^rig x: ") as caught:
        rig_from_yaml(text, "rig x")
    assert "\n" not in str(caught.value)


def test_radiometry_may_be_missing():
    back = rig_from_yaml(tree_with(["radiometry"], None), "x")
    assert (back.kelvin_per_count, back.kelvin_offset) == (0.0, 0.0)


def test_files(tmp_path):
    path = tmp_path / "rig.yaml"
    with pytest.raises(InputError, match=r"rig\.yaml: No such file"):
        load_rig(path)
    with pytest.raises(InputError, match="directory"):
        load_rig(tmp_path)
    path.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(InputError, match="not a text file"):
        load_rig(path)
    path.write_text(rig_to_yaml(rig()), encoding="utf-8")
    assert load_rig(path).rgb.raw == rig().rgb.raw


def test_the_example_rig_is_a_rig() -> None:
    rig = load_rig(share("config/rigs/example.yaml"))
    assert (rig.rgb.raw.width, rig.thermal.raw.width) == (1280, 640)
    assert rig.kelvin_per_count == 0.01
    # The colour camera is to the left: its origin has a negative x in the thermal frame.
    assert rig.thermal_T_rgb[0, 3] < 0
