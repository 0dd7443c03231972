from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from rgbt_perception.errors import InputError
from rgbt_perception.frames import Pinhole
from rgbt_perception.geometry.camera import make_camera_model
from rgbt_perception.geometry.rig import Rig, load_rig, rig_from_yaml, rig_to_yaml
from rgbt_perception.geometry.transforms import inverse, transform
from rgbt_perception.recording.importer import START_NS, import_recording
from rgbt_perception.recording.reader import RecordingReader
from rgbt_perception.sensing.camera_info import camera_model_from_message
from rgbt_perception.sensing.decode import color_picture, thermal_picture
from rgbt_perception.sensing.transform_tree import TransformTree

RGB, THERMAL = "/rgb/image/compressed", "/thermal/image/compressed"


def write_folder(path, pictures, suffix=".png"):
    path.mkdir()
    for number, picture in enumerate(pictures):
        cv2.imwrite(str(path / f"{number}{suffix}"), picture)
    return path


def write_video(path, count, rate_hz, size=(64, 48)):
    video = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), rate_hz, size)
    for number in range(count):
        video.write(np.full((size[1], size[0], 3), 5 * number, np.uint8))
    video.release()
    return path


def random_pictures(count, shape, dtype=np.uint8):
    random = np.random.default_rng(0)
    return [random.integers(0, np.iinfo(dtype).max, shape, dtype) for _ in range(count)]


@pytest.fixture
def folders(tmp_path):
    """Three aligned pairs of 48 x 36 pixels."""
    rgb = write_folder(tmp_path / "rgb", random_pictures(3, (36, 48, 3)))
    return rgb, write_folder(tmp_path / "thermal", random_pictures(3, (36, 48)))


def read(path):
    with RecordingReader(path) as reader:
        messages = list(reader.messages())
        return messages, {name: info.count for name, info in reader.topics.items()}


def test_lossless_pictures_stay_exact(tmp_path):
    colors, counts = random_pictures(3, (36, 48, 3)), random_pictures(3, (36, 48), np.uint16)
    rgb, thermal = write_folder(tmp_path / "a", colors), write_folder(tmp_path / "b", counts)
    summary = import_recording(rgb, thermal, "aligned", tmp_path / "out.mcap")
    assert (summary.rgb, summary.thermal, summary.notes) == (3, 3, ())
    messages, topics = read(tmp_path / "out.mcap")
    assert topics == {
        "/tf_static": 2,
        "/rig": 1,
        "/rgb/camera_info": 3,
        RGB: 3,
        "/thermal/camera_info": 3,
        THERMAL: 3,
    }
    got = [color_picture(m.value) for m in messages if m.topic == RGB]
    assert all(np.array_equal(a, b[:, :, ::-1]) for a, b in zip(got, colors, strict=True))
    warm = [thermal_picture(m.value) for m in messages if m.topic == THERMAL]
    assert all(a.dtype == np.uint16 for a in warm)
    assert all(np.array_equal(a, b) for a, b in zip(warm, counts, strict=True))


def test_stamps_and_frames(folders, tmp_path):
    import_recording(*folders, "aligned", tmp_path / "out.mcap", rate_hz=3.0)
    messages, _ = read(tmp_path / "out.mcap")
    for topic in (RGB, THERMAL, "/rgb/camera_info", "/thermal/camera_info"):
        times = [m.time_ns for m in messages if m.topic == topic]
        assert times == [START_NS, START_NS + 333_333_333, START_NS + 666_666_667]
    for message in messages:
        if message.topic not in ("/rig", "/tf_static"):
            stamp = message.value.header.stamp
            assert stamp.sec * 10**9 + stamp.nanosec == message.time_ns
            assert message.value.header.frame_id == f"{message.topic.split('/')[1]}_optical_frame"


def test_aligned_is_one_view_of_60_degrees(folders, tmp_path):
    import_recording(*folders, "aligned", tmp_path / "out.mcap")
    messages, _ = read(tmp_path / "out.mcap")
    infos = [m for m in messages if m.topic.endswith("camera_info")]
    cameras = [camera_model_from_message(m.value, m.topic) for m in infos]
    assert all(camera.raw == cameras[0].raw and camera.is_rectified for camera in cameras)
    view = cameras[0].raw
    edge = math.degrees(math.atan((view.width - 0.5 - view.cx) / view.fx))
    assert edge == pytest.approx(30.0)
    assert (view.fx, view.cx, view.cy) == (view.fy, 23.5, 17.5)
    tree = TransformTree()
    for message in messages:
        if message.topic == "/tf_static":
            tree.add(message.value)
    np.testing.assert_allclose(tree.lookup("thermal_optical_frame", "rgb_optical_frame"), np.eye(4))
    # The optical axis is the forward axis of the vehicle, and down in the picture is down.
    base_T_rgb = tree.lookup("base_link", "rgb_optical_frame")
    np.testing.assert_allclose(base_T_rgb[:3, :3] @ [0, 0, 1], [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(base_T_rgb[:3, :3] @ [0, 1, 0], [0, 0, -1], atol=1e-12)


def rig_file(path, rgb_size=(48, 36), thermal_size=(24, 18)):
    def camera(name, size):
        k = [40.0, 0, size[0] / 2, 0, 40.0, size[1] / 2, 0, 0, 1]
        return make_camera_model(
            name=name, width=size[0], height=size[1], k=k, d=[0.1, 0, 0, 0, 0], frame_id=name
        )

    angle = 0.02
    turn = np.array(
        [[math.cos(angle), 0, math.sin(angle)], [0, 1, 0], [-math.sin(angle), 0, math.cos(angle)]]
    )
    pose = transform(turn, (0.1, 0.02, -0.01))
    rig = Rig(camera("left", rgb_size), camera("ir", thermal_size), pose, 0.01, 0.0)
    path.write_text("# our rig\n" + rig_to_yaml(rig))
    return path


def test_a_rig_file(tmp_path):
    rgb = write_folder(tmp_path / "rgb", random_pictures(2, (36, 48, 3)))
    thermal = write_folder(tmp_path / "thermal", random_pictures(2, (18, 24)))
    path = rig_file(tmp_path / "rig.yaml")
    import_recording(rgb, thermal, str(path), tmp_path / "out.mcap")
    messages, _ = read(tmp_path / "out.mcap")
    (text,) = [m.value.data for m in messages if m.topic == "/rig"]
    assert text == path.read_text()
    assert rig_from_yaml(text, "rig").kelvin_per_count == 0.01
    rig = load_rig(path)
    for message in messages:
        if message.topic == "/thermal/camera_info":
            camera = camera_model_from_message(message.value, message.topic)
            assert (camera.raw, camera.distortion) == (rig.thermal.raw, rig.thermal.distortion)
            assert camera.frame_id == "ir"
    tree = TransformTree()
    for message in messages:
        if message.topic == "/tf_static":
            tree.add(message.value)
    np.testing.assert_allclose(tree.lookup("ir", "left"), rig.thermal_T_rgb, atol=1e-12)
    np.testing.assert_allclose(tree.lookup("left", "ir"), inverse(rig.thermal_T_rgb), atol=1e-12)


def test_videos_keep_their_own_rates(tmp_path):
    rgb = write_video(tmp_path / "rgb.avi", 6, 30.0)
    thermal = write_video(tmp_path / "thermal.avi", 2, 10.0)
    summary = import_recording(rgb, thermal, "aligned", tmp_path / "out.mcap")
    assert (summary.rgb, summary.thermal, summary.notes) == (6, 2, ())
    messages, _ = read(tmp_path / "out.mcap")
    times = [m.time_ns - START_NS for m in messages if m.topic == THERMAL]
    assert times == [0, 100_000_000]
    assert [m.time_ns for m in messages] == sorted(m.time_ns for m in messages)
    formats = {m.topic: m.value.format for m in messages if m.topic in (RGB, THERMAL)}
    assert "jpeg" in formats[RGB]
    assert "png" in formats[THERMAL]
    warm = [thermal_picture(m.value) for m in messages if m.topic == THERMAL]
    assert all(a.shape == (48, 64) and a.dtype == np.uint8 for a in warm)


def test_thermal_stored_as_colour_becomes_luminance(tmp_path):
    grey = np.arange(36 * 48, dtype=np.uint16).reshape(36, 48)
    false_color = np.zeros((36, 48, 3), np.uint8)
    false_color[:, :, 2] = 200
    rgb = write_folder(tmp_path / "rgb", random_pictures(2, (36, 48)))
    for name, picture, expected in (
        ("grey16", np.repeat(grey[:, :, None], 3, axis=2), grey),
        ("grey8", np.repeat(grey.astype(np.uint8)[:, :, None], 3, axis=2), grey.astype(np.uint8)),
        ("color", false_color, np.full((36, 48), 60, np.uint8)),
    ):
        thermal = write_folder(tmp_path / name, [picture, picture])
        import_recording(rgb, thermal, "aligned", tmp_path / "out.mcap")
        messages, _ = read(tmp_path / "out.mcap")
        got = [thermal_picture(m.value) for m in messages if m.topic == THERMAL]
        np.testing.assert_array_equal(got, [expected, expected])
        assert got[0].dtype == expected.dtype
    # A grey picture of the colour camera is shown in three equal channels.
    (first, _) = [color_picture(m.value) for m in messages if m.topic == RGB]
    assert first.shape == (36, 48, 3)
    assert np.array_equal(first[:, :, 0], first[:, :, 2])


def test_a_colour_picture_of_16_bit_becomes_8_bit(tmp_path):
    picture = np.full((36, 48, 3), (65535, 257, 0), np.uint16)
    rgb = write_folder(tmp_path / "rgb", [picture])
    thermal = write_folder(tmp_path / "thermal", random_pictures(1, (36, 48)))
    import_recording(rgb, thermal, "aligned", tmp_path / "out.mcap")
    messages, _ = read(tmp_path / "out.mcap")
    (got,) = [color_picture(m.value) for m in messages if m.topic == RGB]
    assert got[5, 5].tolist() == [0, 1, 255]


def test_fewer_pictures_on_one_side_are_reported(folders, tmp_path):
    (folders[1] / "2.png").unlink()
    summary = import_recording(*folders, "aligned", tmp_path / "out.mcap")
    assert (summary.rgb, summary.thermal) == (3, 2)
    assert summary.notes == (
        "thermal ends after 0.20 s (2 pictures), rgb after 0.30 s (3 pictures)",
    )
    assert read(tmp_path / "out.mcap")[1][THERMAL] == 2


def test_aligned_pictures_of_two_sizes(folders, tmp_path):
    other = write_folder(tmp_path / "other", random_pictures(1, (30, 40)))
    with pytest.raises(InputError, match=r"0\.png: is 40x30, expected 48x36 as .*rgb/0\.png"):
        import_recording(folders[0], other, "aligned", tmp_path / "out.mcap")
    assert not (tmp_path / "out.mcap").exists()


def test_pictures_that_contradict_the_rig(folders, tmp_path):
    path = rig_file(tmp_path / "rig.yaml")
    with pytest.raises(
        InputError, match=r"thermal/0\.png: is 48x36, expected 24x18 as .*rig\.yaml"
    ):
        import_recording(*folders, str(path), tmp_path / "out.mcap")
    with pytest.raises(InputError, match=r"rig .*missing\.yaml: No such file"):
        import_recording(*folders, str(tmp_path / "missing.yaml"), tmp_path / "out.mcap")
    assert not (tmp_path / "out.mcap").exists()


@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        (np.zeros((30, 40), np.uint8), "1.png: is 40x30, expected 48x36 as the first picture"),
        (np.zeros((36, 48), np.uint16), "1.png: holds uint16, expected uint8 as the first picture"),
        (None, "1.png: is not a readable image"),
    ],
)
def test_a_bad_picture_later_on(folders, tmp_path, picture, expected):
    path = folders[1] / "1.png"
    if picture is None:
        path.write_bytes(b"")
    else:
        cv2.imwrite(str(path), picture)
    with pytest.raises(InputError) as info:
        import_recording(*folders, "aligned", tmp_path / "out.mcap")
    assert expected in str(info.value)
    assert read(tmp_path / "out.mcap")[1][THERMAL] == 1


@pytest.mark.parametrize("rate_hz", [0.0, -1.0, math.nan, math.inf])
def test_bad_rates(folders, tmp_path, rate_hz):
    with pytest.raises(InputError, match=r"Hz: expected 0\.01 to 10000"):
        import_recording(*folders, "aligned", tmp_path / "out.mcap", rate_hz=rate_hz)


def test_ctrl_c_leaves_a_finished_recording(folders, tmp_path):
    calls = []

    def progress(done, total):
        calls.append((done, total))
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_recording(*folders, "aligned", tmp_path / "out.mcap", progress=progress)
    assert calls == [(1, 6), (2, 6), (3, 6), (4, 6)]
    topics = read(tmp_path / "out.mcap")[1]
    assert topics[RGB] + topics[THERMAL] == 4


def test_pinholes_of_both_cameras_agree_with_the_rig_topic(folders, tmp_path):
    import_recording(*folders, "aligned", tmp_path / "out.mcap")
    messages, _ = read(tmp_path / "out.mcap")
    (text,) = [m.value.data for m in messages if m.topic == "/rig"]
    rig = rig_from_yaml(text, "rig")
    focal = 24 / math.tan(math.radians(30))
    expected = Pinhole(48, 36, focal, focal, 23.5, 17.5)
    assert rig.rgb.raw == rig.thermal.raw
    assert rig.rgb.raw.matrix == pytest.approx(expected.matrix)
    assert rig.kelvin_per_count == 0.0
