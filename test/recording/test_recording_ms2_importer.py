import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tiny_ms2 import FIRST_NS, PERIOD_NS, SEQUENCE, THERMAL_SIZE, TinyMs2

from rgbt_perception.errors import InputError
from rgbt_perception.frames import Modality
from rgbt_perception.recording.importer import START_NS
from rgbt_perception.recording.ms2_folder import Ms2Truth, read_depth
from rgbt_perception.recording.ms2_importer import import_ms2_sequence
from rgbt_perception.recording.reader import RecordingReader
from rgbt_perception.sensing.camera_info import camera_model_from_message
from rgbt_perception.sensing.decode import color_picture, depth_picture, stamp_of, thermal_picture
from rgbt_perception.sensing.transform_tree import TransformTree

SAMPLE = Path(__file__).parents[3] / "shared" / "data" / "ms2_sample" / "left"
RGB, THERMAL = "/rgb/image/compressed", "/thermal/image/compressed"


def read(path):
    found = {}
    with RecordingReader(path) as reader:
        for message in reader.messages():
            found.setdefault(message.topic, []).append(message.value)
    return found


@pytest.fixture
def tiny(tmp_path):
    return TinyMs2(tmp_path / "MS2")


def run(tiny, out, truth="filtered", every=1, name=SEQUENCE):
    return import_ms2_sequence(tiny.folder, name, Ms2Truth(truth), out, every)


@pytest.mark.parametrize("truth", ["raw", "filtered"])
def test_pictures_truth_and_geometry_come_back(tiny, tmp_path, truth):
    tiny()
    out = tmp_path / "a.mcap"
    summary = run(tiny, out, truth)
    assert (summary.pairs, summary.condition) == (4, f"ms2-{truth}/night/clear")
    assert summary.notes == ()
    found = read(out)
    for index in range(4):
        color = color_picture(found[RGB][index])
        np.testing.assert_array_equal(color[..., ::-1], tiny.picture("rgb", index))
        counts = thermal_picture(found[THERMAL][index])
        assert counts.dtype == np.uint16
        np.testing.assert_array_equal(counts, tiny.picture("thr", index))
        for camera, name in (("rgb", "rgb"), ("thr", "thermal")):
            depth = depth_picture(found[f"/ground_truth/{name}/depth/image"][index])
            steps = tiny.steps(camera, index, truth)
            np.testing.assert_array_equal(np.isnan(depth), steps == 0)
            np.testing.assert_array_equal(np.nan_to_num(depth) * 256, steps)
    tree = TransformTree()
    for message in found["/tf_static"]:
        tree.add(message)
    thermal_T_rgb = tree.lookup("thermal_optical_frame", "rgb_optical_frame")
    assert 0.3 < np.linalg.norm(thermal_T_rgb[:3, 3]) < 0.4  # 35 cm, not 350 m
    model = camera_model_from_message(found["/thermal/camera_info"][0], "x")
    assert model.is_rectified
    assert (model.raw.width, model.raw.height) == THERMAL_SIZE
    assert (model.raw.fx, model.raw.cx, model.raw.cy) == (56.0, 31.0, 14.0)
    scene = json.loads(found["/ground_truth/scene"][0].data)
    assert scene["truth"] == truth
    assert scene["split"] == "test_night"
    assert scene["sequence"] == SEQUENCE


def test_both_pictures_carry_the_thermal_stamp(tiny, tmp_path):
    tiny()
    run(tiny, tmp_path / "a.mcap", every=2)
    found = read(tmp_path / "a.mcap")
    wanted = [FIRST_NS, FIRST_NS + 2 * PERIOD_NS]
    for topic in (RGB, THERMAL, "/ground_truth/rgb/depth/image", "/thermal/camera_info"):
        assert [stamp_of(message) for message in found[topic]] == wanted
    first = next(iter(read(tmp_path / "a.mcap")))
    assert first == "/tf_static"  # before the pictures, though these are older than the program


def test_without_time_stamps(tiny, tmp_path):
    tiny.stamps = False
    tiny()
    summary = run(tiny, tmp_path / "a.mcap")
    assert "img_left_timestamp.txt" in summary.notes[0]
    stamps = [stamp_of(message) for message in read(tmp_path / "a.mcap")[THERMAL]]
    assert stamps == [START_NS + i * PERIOD_NS for i in range(4)]


def test_pairs_without_truth_are_left_out_and_told(tiny, tmp_path):
    tiny()
    (tiny.folder / f"proj_depth/{SEQUENCE}/thr/depth_filtered/000002.png").unlink()
    summary = run(tiny, tmp_path / "a.mcap")
    assert summary.pairs == 3
    assert summary.notes == ("1 of 4 pairs left out: no true depth",)


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        ("sync_data", ["sync_data", "as it is published"]),
        (f"sync_data/{SEQUENCE}", ["no sequence", SEQUENCE, "none"]),
        (f"sync_data/{SEQUENCE}/calib.npy", ["calib.npy", "No such file"]),
        (f"sync_data/{SEQUENCE}/rgb/img_left", ["rgb/img_left", "no such folder"]),
        (f"proj_depth/{SEQUENCE}/thr/depth_filtered", ["thr/depth_filtered", "no such folder"]),
    ],
)
def test_what_is_missing_is_named(tiny, tmp_path, gone, words):
    tiny()
    (tiny.folder / gone).rename(tmp_path / "elsewhere")
    with pytest.raises(InputError) as error:
        run(tiny, tmp_path / "a.mcap")
    for word in words:
        assert word in str(error.value)
    assert "\n" not in str(error.value)


def test_a_picture_that_is_not_of_the_layout(tiny, tmp_path):
    tiny()
    path = tiny.folder / f"sync_data/{SEQUENCE}/thr/img_left/000001.png"
    for picture, words in (
        (np.zeros(THERMAL_SIZE[::-1], np.uint8), "uint8.*expected uint16"),
        (np.zeros((8, 8), np.uint16), "8x8, expected 64x32"),
    ):
        cv2.imwrite(str(path), picture)
        with pytest.raises(InputError, match=words):
            run(tiny, tmp_path / "a.mcap")
    path.write_bytes(b"no picture")
    with pytest.raises(InputError, match="not a readable image"):
        run(tiny, tmp_path / "a.mcap")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1\n2\n", "2 stamps, expected 4"),
        ("1\n2\n2\n3\n", "line 3.*rise"),
        ("1\n2\nx\n3\n", "nanoseconds"),
    ],
)
def test_bad_time_stamps(tiny, tmp_path, text, words):
    tiny()
    (tiny.folder / f"sync_data/{SEQUENCE}/thr/img_left_timestamp.txt").write_text(text)
    with pytest.raises(InputError, match=words):
        run(tiny, tmp_path / "a.mcap")


def test_intrinsics_of_another_size(tiny, tmp_path):
    tiny.calibration["K_thrL"][0, 2] = 320.0
    tiny()
    with pytest.raises(InputError, match="principal point"):
        run(tiny, tmp_path / "a.mcap")


@settings(max_examples=30, deadline=None)
@given(steps=arrays(np.uint16, (3, 4)))
def test_stored_depth_is_metres_times_256(tmp_path_factory, steps):
    path = tmp_path_factory.mktemp("depth") / "a.png"
    cv2.imwrite(str(path), steps)
    depth = read_depth(path)
    np.testing.assert_array_equal(np.isnan(depth), steps == 0)
    np.testing.assert_array_equal(np.nan_to_num(depth) * 256, steps)


@given(every=st.integers(-3, 0))
def test_every_must_be_positive(every):
    with pytest.raises(InputError, match="every"):
        import_ms2_sequence(Path("x"), SEQUENCE, Ms2Truth.RAW, Path("a.mcap"), every)


@pytest.mark.skipif(not SAMPLE.is_dir(), reason=f"no real MS2 pictures at {SAMPLE}")
def test_real_pictures_keep_their_values(tiny, tmp_path):
    tiny.frames = 2
    tiny.calibration["K_rgbL"] = np.array([[760.0, 0, 612.0], [0, 760.0, 190.0], [0, 0, 1]])
    tiny.calibration["K_thrL"] = np.array([[430.0, 0, 320.0], [0, 430.0, 128.0], [0, 0, 1]])
    tiny()
    stored = {}
    for index, moment in enumerate(("000011", "002079")):
        for camera in ("rgb", "thr"):
            data = (SAMPLE / f"{moment}_{camera}.png").read_bytes()
            name = f"{index:06d}.png"
            (tiny.folder / f"sync_data/{SEQUENCE}/{camera}/img_left/{name}").write_bytes(data)
            picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
            stored[camera, index] = picture
            steps = np.full(picture.shape[:2], 256 * 5, np.uint16)
            path = tiny.folder / f"proj_depth/{SEQUENCE}/{camera}/depth_filtered/{name}"
            cv2.imwrite(str(path), steps)
    run(tiny, tmp_path / "a.mcap")
    found = read(tmp_path / "a.mcap")
    for index in range(2):
        counts = thermal_picture(found[THERMAL][index])
        assert (counts.dtype, counts.shape) == (np.uint16, (256, 640))
        assert 2500 < counts.min() < counts.max() < 7000
        np.testing.assert_array_equal(counts, stored["thr", index])
        color = color_picture(found[RGB][index])
        np.testing.assert_array_equal(color[..., ::-1], stored["rgb", index])
    model = camera_model_from_message(found["/rgb/camera_info"][0], Modality.RGB.value)
    assert (model.raw.width, model.raw.height) == (1224, 384)
