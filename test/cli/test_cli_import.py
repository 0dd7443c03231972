from __future__ import annotations

import os
import subprocess
import sys

import cv2
import numpy as np
import pytest
from tiny_ms2 import SEQUENCE, TinyMs2

from rgbt_perception.cli.main import main
from rgbt_perception.recording.reader import RecordingReader


@pytest.fixture
def folders(tmp_path):
    """Colour and thermal folders of three and two pictures of 16 x 12 pixels."""
    for name, count in (("rgb", 3), ("thermal", 2)):
        (tmp_path / name).mkdir()
        for number in range(count):
            picture = np.full((12, 16), 10 * number, np.uint8)
            cv2.imwrite(str(tmp_path / name / f"{number}.png"), picture)
    return tmp_path / "rgb", tmp_path / "thermal"


def run(folders, out, *words):
    rgb, thermal = folders
    arguments = ["--rgb", rgb, "--thermal", thermal, "--rig", "aligned", "--out", out, *words]
    return main(["import", *map(str, arguments)])


def test_makes_a_recording(folders, tmp_path, capsys):
    out = tmp_path / "out.mcap"
    assert run(folders, out, "--rate", "20") == 0
    captured = capsys.readouterr()
    assert captured.out == f"{out}: 3 colour and 2 thermal pictures\n"
    assert (
        captured.err
        == "note: thermal ends after 0.10 s (2 pictures), rgb after 0.15 s (3 pictures)\n"
    )
    with RecordingReader(out) as reader:
        assert reader.count(["/rgb/image/compressed", "/thermal/image/compressed"]) == 5
        times = [m.time_ns for m in reader.messages(["/rgb/camera_info"])]
    assert np.diff(times).tolist() == [50_000_000, 50_000_000]


def test_bad_input_is_one_line(folders, tmp_path, capsys):
    (folders[1] / "1.png").write_bytes(b"no picture")
    assert run(folders, tmp_path / "out.mcap") == 1
    assert capsys.readouterr().err == f"rgbt: {folders[1]}/1.png: is not a readable image\n"


@pytest.mark.parametrize("words", [["--rate", "0"], ["--rate", "x"]])
def test_wrong_use(folders, tmp_path, capsys, words):
    assert run(folders, tmp_path / "out.mcap", *words) == 2
    assert "--rate" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ([], ["--rgb", "--thermal", "--rig", "--out", "--ms2"]),
        (["--ms2", "MS2", "--every", "2"], ["--sequence", "--truth", "--out"]),
        (["--ms2", "MS2", "--sequence", "a", "--truth", "best"], ["--truth", "raw", "filtered"]),
        (["--ms2", "MS2", "--rig", "aligned"], ["--rig", "--ms2"]),
        (["--truth", "raw"], ["--truth", "--ms2"]),
    ],
)
def test_missing_and_contradicting_options(capsys, words, named):
    assert main(["import", *words]) == 2
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    for name in named:
        assert name in error


def test_an_ms2_sequence(tmp_path, capsys):
    TinyMs2(tmp_path / "MS2", stamps=False)()
    out = tmp_path / "a.mcap"
    words = ["--ms2", tmp_path / "MS2", "--sequence", SEQUENCE, "--truth", "raw", "--every", 3]
    assert main(["import", *map(str, words), "--out", str(out)]) == 0
    captured = capsys.readouterr()
    assert captured.out == f"{out}: 2 pairs, ms2-raw/night/clear\n"
    assert captured.err == "note: no img_left_timestamp.txt: stamped at 10 Hz\n"
    with RecordingReader(out) as reader:
        assert reader.count(["/ground_truth/thermal/depth/image"]) == 2


def test_libraries_stay_silent_about_a_broken_video(folders, tmp_path):
    video = tmp_path / "broken.mp4"
    video.write_bytes(b"\0\0\0\x18ftypmp42" + bytes(100))
    arguments = ["import", "--rgb", video, "--thermal", folders[1], "--rig", "aligned"]
    result = subprocess.run(
        [sys.executable, "-m", "rgbt_perception.cli", *arguments, "--out", tmp_path / "out.mcap"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert result.returncode == 1
    assert result.stderr == f"rgbt: {video}: is not a readable video\n"
