from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from rgbt_perception.cli.main import main
from rgbt_perception.frames import Mode
from rgbt_perception.recording.reader import RecordingReader
from rgbt_perception.recording.writer import RecordingWriter


def run(capsys, *words):
    """Exit code and the lines on stderr."""
    code = main([str(word) for word in words])
    captured = capsys.readouterr()
    return code, [line for line in captured.err.splitlines() if line.startswith("rgbt:")]


def outputs(folder):
    with RecordingReader(folder / "perception.mcap") as reader:
        return list(reader.messages())


def modes(folder):
    return [Mode(m.value.mode) for m in outputs(folder) if m.topic == "/perception/status"]


def summary(folder):
    return json.loads((folder / "run.json").read_text())


def refused(capsys, bag, out, *words):
    """One line and exit code 1; the line."""
    code, lines = run(capsys, "replay", bag, "--out", out, *words)
    assert code == 1
    assert len(lines) == 1
    return lines[0]


def test_replays_a_recording(recording_maker, tmp_path, capsys):
    out = tmp_path / "out"
    code, lines = run(capsys, "replay", recording_maker(), "--out", out, "--scene-model", "")
    assert (code, lines) == (0, [])
    topics = {message.topic for message in outputs(out)}
    assert topics == {
        "/perception/depth/image",
        "/perception/depth/camera_info",
        "/perception/confidence/image",
        "/perception/points",
        "/perception/status",
    }
    run_json = summary(out)
    assert run_json["frames_in"] == {"rgb": 5, "thermal": 5}
    assert run_json["pairs"] == run_json["outputs"] == 5
    assert run_json["modes"] == {"FULL": 5}
    assert run_json["reference"] == "thermal"
    assert run_json["ended"] == "finished"
    assert "write" in run_json["latency_ms"]
    assert all(len(digest) == 64 for digest in run_json["weights"].values())
    network = run_json["networks"]["confidence_depth"]
    assert (network["file"], network["precision"]) == ("confidence_depth.onnx", "fp32")
    assert network["engine"] in run_json["engine"]
    assert (out / "report.html").stat().st_size > 2000
    assert (out / "contact_sheet.png").is_file()


def test_compressed_pictures_other_names_and_debug_outputs(recording_maker, tmp_path, capsys):
    recording_maker.compressed = True
    recording_maker.names = {"rgb": "/cam0", "thermal": "/thermal"}
    bag, out = recording_maker(), tmp_path / "out"
    remaps = ["rgb/image:=/cam0/image", "rgb/camera_info:=/cam0/camera_info"]
    words = [word for remap in remaps for word in ("--remap", remap)]
    code, lines = run(capsys, "replay", bag, "--out", out, "--debug-outputs", *words)
    assert (code, lines) == (0, [])
    assert modes(out) == [Mode.FULL] * 5
    assert sum(m.topic == "/perception/debug/depth/ungated" for m in outputs(out)) == 5


def test_a_scene_model_adds_fused_picture_and_labels(recording_maker, tmp_path, capsys):
    out = tmp_path / "out"
    # The constant engines stand for any network.
    words = ["--scene-model", "any", "--engine", "constant"]
    code, lines = run(capsys, "replay", recording_maker(), "--out", out, *words)
    assert (code, lines) == (0, [])
    with RecordingReader(out / "perception.mcap") as reader:
        counts = {topic.removeprefix("/perception/"): t.count for topic, t in reader.topics.items()}
        info = reader.topics["/perception/semantic/label_info"]
        assert info.type == "vision_msgs/msg/LabelInfo"
        assert info.latched
        first = next(reader.messages()).topic
    scene = ("fused/image", "fused/camera_info", "semantic/image", "semantic/colored")
    assert {counts[topic] for topic in (*scene, "semantic/camera_info", "depth/image")} == {5}
    # Once, before everything else; and nothing that only evaluation needs.
    assert counts["semantic/label_info"] == 1
    assert first == "/perception/semantic/label_info"
    assert not any(topic.startswith("debug/") for topic in counts)
    assert summary(out)["weights"].keys() == {"constant_10m", "constant_scene"}
    assert summary(out)["settings"]["scene.model"] == "any"
    report = (out / "report.html").read_text()
    assert "Fused picture" in report
    assert "vegetation" in report


def test_every_and_cloud_every(recording_maker, tmp_path, capsys):
    recording_maker.count = 8
    out = tmp_path / "out"
    run(capsys, "replay", recording_maker(), "--out", out, "--every", 2, "--cloud-every", 3)
    topics = [message.topic for message in outputs(out)]
    assert topics.count("/perception/depth/image") == 4
    assert topics.count("/perception/points") == 2


@pytest.mark.parametrize(("drop", "mode"), [("rgb", Mode.THERMAL_ONLY), ("thermal", Mode.RGB_ONLY)])
def test_drop_goes_on_with_the_other_camera(recording_maker, tmp_path, capsys, drop, mode):
    recording_maker.count = 12
    out = tmp_path / "out"
    code, lines = run(capsys, "replay", recording_maker(), "--out", out, "--drop", drop)
    assert (code, lines) == (0, [])
    seen = modes(out)
    assert set(seen) == {mode}
    assert len(seen) >= 8
    depths = [m.value for m in outputs(out) if m.topic == "/perception/depth/image"]
    assert {(d.width, d.height, d.header.frame_id) for d in depths} == {
        (40, 32, "thermal_optical_frame")
    }


def test_a_dropout_in_the_recording_switches_and_returns(recording_maker, tmp_path, capsys):
    recording_maker.count = 20
    recording_maker.skip = lambda camera, index: camera == "rgb" and 5 <= index < 14
    out = tmp_path / "out"
    assert run(capsys, "replay", recording_maker(), "--out", out)[0] == 0
    seen = modes(out)
    assert seen[:5] == [Mode.FULL] * 5
    assert seen[-6:] == [Mode.FULL] * 6
    assert seen.count(Mode.THERMAL_ONLY) >= 6


def test_missing_file_and_not_a_bag(tmp_path, capsys):
    line = refused(capsys, tmp_path / "none.mcap", tmp_path / "out")
    assert "none.mcap" in line
    text = tmp_path / "text.mcap"
    text.write_text("not a bag at all")
    assert "text.mcap" in refused(capsys, text, tmp_path / "out")
    empty = tmp_path / "empty"
    empty.mkdir()
    assert "empty" in refused(capsys, empty, tmp_path / "out")


def test_truncated_bag_gives_what_is_before_the_cut(recording_maker, tmp_path, capsys):
    recording_maker.count = 60
    recording_maker.rgb_size = (320, 240)
    bag = recording_maker()
    data = bag.read_bytes()
    bag.write_bytes(data[: len(data) * 2 // 3])
    out = tmp_path / "out"
    code = main(["replay", str(bag), "--out", str(out), "--every", "5"])
    assert code == 0
    assert "note:" in capsys.readouterr().err
    run_json = summary(out)
    assert 10 < run_json["pairs"] < 60
    assert run_json["truncated"]
    assert len(modes(out)) == run_json["outputs"] > 0


def test_wrong_topic_names_list_what_is_there(recording_maker, tmp_path, capsys):
    recording_maker.names = {"rgb": "/color", "thermal": "/ir"}
    bag = recording_maker()
    line = refused(capsys, bag, tmp_path / "out")
    assert "/color/image" in line
    assert "/ir/camera_info" in line
    line = refused(capsys, bag, tmp_path / "out", "--remap", "rgb/image:=/nothing")
    assert "/nothing" in line
    assert "/color/image" in line


def test_no_camera_info(recording_maker, tmp_path, capsys):
    recording_maker.infos = False
    out = tmp_path / "out"
    assert "no camera_info" in refused(capsys, recording_maker(), out)
    assert summary(out)["outputs"] == 0
    assert (out / "perception.mcap").is_file()


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_bad_intrinsics_of_one_camera(recording_maker, tmp_path, capsys, value):
    def edit(topic, index, message):
        if topic == "rgb/camera_info":
            message.k = np.full(9, value)
        return message

    recording_maker.edit = edit
    out = tmp_path / "out"
    line = refused(capsys, recording_maker(), out)
    assert "rgb/camera_info" in line
    assert "k" in line
    assert modes(out) == [Mode.THERMAL_ONLY] * 5


def test_no_extrinsics(recording_maker, tmp_path, capsys):
    recording_maker.extrinsics = False
    out = tmp_path / "out"
    line = refused(capsys, recording_maker(), out)
    assert "rgb_optical_frame" in line
    assert "tf_static" in line
    assert modes(out) == [Mode.THERMAL_ONLY] * 5


def test_encoding_that_contradicts_the_length(recording_maker, tmp_path, capsys):
    def edit(topic, index, message):
        if topic == "rgb/image":
            message.data = message.data[: len(message.data) // 2]
        return message

    recording_maker.edit = edit
    out = tmp_path / "out"
    line = refused(capsys, recording_maker(), out)
    assert "rgb8" in line
    assert modes(out) == [Mode.THERMAL_ONLY] * 5


def test_one_bad_picture_is_a_note_not_a_failure(recording_maker, tmp_path, capsys):
    def edit(topic, index, message):
        if topic == "rgb/image" and index == 2:
            message.encoding = "mystery8"
        return message

    recording_maker.edit = edit
    out = tmp_path / "out"
    assert main(["replay", str(recording_maker()), "--out", str(out)]) == 0
    assert "mystery8" in capsys.readouterr().err
    assert modes(out).count(Mode.FULL) == 4


def test_size_that_changes_in_mid_recording(recording_maker, tmp_path, capsys):
    def edit(topic, index, message):
        if index >= 3 and topic.startswith("thermal"):
            size = (48, 36)
            if topic == "thermal/camera_info":
                maker = recording_maker
                from rgbt_perception.sensing.encode import camera_info_message

                return camera_info_message(
                    maker.factory, maker.camera("thermal", size), 0, "thermal_optical_frame"
                )
            message.width, message.height = size
            message.step = 96
            message.data = np.zeros(96 * 36, np.uint8) + np.uint8(index)
        return message

    recording_maker.edit = edit
    out = tmp_path / "out"
    assert run(capsys, "replay", recording_maker(), "--out", out)[0] == 0
    depths = [m.value for m in outputs(out) if m.topic == "/perception/depth/image"]
    assert [(d.width, d.height) for d in depths] == [(40, 32)] * 3 + [(48, 36)] * 2


def test_stamps_at_zero(recording_maker, tmp_path, capsys):
    def edit(topic, index, message):
        if topic.endswith("/image"):
            message.header.stamp.sec = message.header.stamp.nanosec = 0
        return message

    recording_maker.edit = edit
    assert "stamp" in refused(capsys, recording_maker(), tmp_path / "out")


def test_stamps_going_backwards_resume(recording_maker, tmp_path, capsys):
    def edit(topic, index, message):
        if topic.endswith("/image") and index >= 5:
            message.header.stamp.sec -= 100
        return message

    recording_maker.count = 10
    recording_maker.edit = edit
    out = tmp_path / "out"
    assert run(capsys, "replay", recording_maker(), "--out", out)[0] == 0
    assert modes(out) == [Mode.FULL] * 10


@pytest.mark.parametrize(
    ("missing", "mode"), [("rgb", Mode.THERMAL_ONLY), ("thermal", Mode.RGB_ONLY)]
)
def test_one_camera_missing_altogether(recording_maker, tmp_path, capsys, missing, mode):
    recording_maker.count = 10
    recording_maker.skip = lambda camera, index: camera == missing
    out = tmp_path / "out"
    assert run(capsys, "replay", recording_maker(), "--out", out)[0] == 0
    seen = modes(out)
    assert set(seen) == {mode}
    if missing == "thermal":
        reasons = {r for m in outputs(out) if m.topic.endswith("status") for r in m.value.reasons}
        assert "reference_geometry_unknown" in reasons
        depth = next(m.value for m in outputs(out) if m.topic == "/perception/depth/image")
        assert depth.header.frame_id == "rgb_optical_frame"


def test_empty_recording(tmp_path, capsys):
    with RecordingWriter(tmp_path / "empty.mcap"):
        pass
    assert "empty.mcap" in refused(capsys, tmp_path / "empty.mcap", tmp_path / "out")


def test_full_disk_keeps_what_was_written(recording_maker, tmp_path, capsys, monkeypatch):
    recording_maker.count = 10
    recording_maker.thermal_size = (640, 512)  # several chunks of the file are full by then
    bag, out = recording_maker(), tmp_path / "out"
    original, calls = RecordingWriter.write, []

    def write(self, topic, *arguments, **options):
        calls.append(topic)
        if len(calls) > 20:
            with self._guarded():
                raise OSError(errno.ENOSPC, "No space left on device")
        original(self, topic, *arguments, **options)

    monkeypatch.setattr(RecordingWriter, "write", write)
    line = refused(capsys, bag, out)
    assert "disk full" in line
    assert 10 <= len(outputs(out)) <= 20
    assert "disk full" in summary(out)["ended"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_keeps_what_was_computed(recording_maker, tmp_path, number):
    recording_maker.count = 400
    bag, out = recording_maker(), tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-m", "rgbt_perception.cli", "replay", str(bag), "--out", str(out)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    deadline = time.monotonic() + 60
    # Beyond the file's first bytes: some results are in it.
    while time.monotonic() < deadline and not any(
        path.stat().st_size > 50_000 for path in out.glob(".perception*/bag/*.mcap")
    ):
        time.sleep(0.05)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert [line for line in errors.splitlines() if line.startswith("rgbt:")] == [
        "rgbt: interrupted; what was done so far is kept"
    ]
    assert "Traceback" not in errors
    run_json = summary(out)
    assert run_json["ended"] == "interrupted"
    # The signal may come in the middle of a result: its status is its last message.
    assert run_json["outputs"] - len(modes(out)) in (0, 1)
    assert 0 < len(modes(out)) < 400


def test_wrong_use_is_exit_code_2(recording_maker, tmp_path, capsys):
    bag = recording_maker()
    assert run(capsys, "replay", bag)[0] == 2
    assert run(capsys, "replay", bag, "--out", tmp_path, "--drop", "both")[0] == 2
    assert run(capsys, "replay", bag, "--out", tmp_path, "--remap", "nonsense")[0] == 2
    assert run(capsys, "fly")[0] == 2
    assert run(capsys)[0] == 2


def test_bad_config_and_bad_model(recording_maker, tmp_path, capsys):
    bag, out = recording_maker(), tmp_path / "out"
    config = tmp_path / "config.yaml"
    config.write_text("pairing: {tolerance_s: fast}")
    assert "pairing.tolerance_s" in refused(capsys, bag, out, "--config", config)
    config.write_text("rig: none.yaml")
    assert "none.yaml" in refused(capsys, bag, out, "--config", config)
    assert "neither a file" in refused(capsys, bag, out, "--depth-model", "unheard_of")
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"12345")
    assert "broken.onnx" in refused(capsys, bag, out, "--depth-model", broken)


def test_a_recording_is_never_replaced_by_its_results(recording_maker, tmp_path, capsys):
    bag = recording_maker("perception.mcap")
    before = bag.read_bytes()
    code, lines = run(capsys, "replay", bag, "--out", bag.parent)
    assert code == 2
    assert "another --out" in lines[0]
    assert bag.read_bytes() == before


def test_a_bag_folder_takes_no_results(recording_maker, tmp_path, capsys):
    recording_maker.folder = tmp_path / "bag"
    bag = recording_maker("perception.mcap")
    before = bag.read_bytes()
    code, lines = run(capsys, "replay", bag.parent, "--out", tmp_path / "x" / ".." / "bag")
    assert code == 2
    assert "another --out" in lines[0]
    assert [path.name for path in bag.parent.iterdir()] == ["perception.mcap"]
    assert bag.read_bytes() == before


@pytest.mark.skipif(sys.platform != "linux", reason="file names are bytes on Linux only")
def test_names_that_are_not_utf8(recording_maker, tmp_path):
    recording_maker.count = 2
    bag = recording_maker().rename(tmp_path / os.fsdecode(b"bag\xff.mcap"))
    out = tmp_path / os.fsdecode(b"out\xff")
    for words in (("replay", bag, "--out", out), ("evaluate", out)):
        done = subprocess.run(
            [sys.executable, "-m", "rgbt_perception.cli", *words],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONIOENCODING": "utf-8:strict"},
        )
        assert (done.returncode, "internal" in done.stderr) == (0, False), done.stderr
    assert "report.html" in done.stdout
    assert json.loads((out / "run.json").read_text())["source"] == str(bag)
    assert "bag\\udcff.mcap" in (out / "report.html").read_text(encoding="utf-8")


def test_topics_of_another_type_or_named_twice(recording_maker, tmp_path, capsys):
    bag, out = recording_maker(), tmp_path / "out"
    line = refused(capsys, bag, out, "--remap", "rgb/image:=/tf_static")
    assert "tf2_msgs/msg/TFMessage" in line
    assert "sensor_msgs/msg/Image" in line
    code, lines = run(capsys, "replay", bag, "--out", out, "--remap", "thermal/image:=/rgb/image")
    assert code == 2
    assert "/rgb/image" in lines[0]


def test_one_camera_under_another_name_is_told(recording_maker, tmp_path, capsys):
    recording_maker.names = {"rgb": "/rgb", "thermal": "/lwir"}
    out = tmp_path / "out"
    assert main(["replay", str(recording_maker()), "--out", str(out)]) == 0
    assert "no /thermal/image; topics there: /lwir/camera_info" in capsys.readouterr().err


def test_a_camera_without_geometry_fails_though_some_pictures_were_skipped(
    recording_maker, tmp_path, capsys
):
    def edit(topic, index, message):
        if topic == "thermal/camera_info":
            message.k = np.zeros(9)
        return message

    recording_maker.count = 9
    recording_maker.edit = edit
    line = refused(capsys, recording_maker(), tmp_path / "out", "--every", "3")
    assert "thermal/camera_info" in line
