from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.request

import pytest
from dds_domains import domain_of

from rgbt_perception.cli.main import main
from rgbt_perception.errors import RgbtError
from rgbt_perception.frames import Mode

pytest.importorskip("cyclonedds", reason="needs the extra [live]")

from rgbt_perception.cli import live, status_line
from rgbt_perception.hosting.loading import load_pipeline
from rgbt_perception.live.view.state import StreamState, ViewState


@pytest.fixture(autouse=True)
def _local(monkeypatch):
    monkeypatch.delenv("CYCLONEDDS_URI", raising=False)
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    monkeypatch.setenv("ROS_DOMAIN_ID", str(domain_of(2, os.getpid())))


def start(*words):
    command = [sys.executable, "-m", "rgbt_perception.cli", "live", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_runs_for_a_while_and_says_how_it_went(capsys):
    assert main(["live", "--engine", "constant", "--namespace", "front", "--seconds", "0.3"]) == 0
    captured = capsys.readouterr()
    assert captured.out == "0 results from 0 pairs\n"
    lines = captured.err.splitlines()
    assert f"/front/perception on DDS domain {os.environ['ROS_DOMAIN_ID']}; Ctrl-C ends it" in lines
    assert any(line.startswith("WAITING") for line in lines)


def test_a_signal_ends_it_with_a_summary_and_page_and_parameter_file_serve_until_then(tmp_path):
    path = tmp_path / "perception.yaml"
    path.write_text("pairing: {tolerance_s: 0.03}")
    process = start(*("--engine", "constant", "--view", "--port", "0", "--config", path, "--watch"))
    lines = []
    while not lines or "Ctrl-C ends it" not in lines[-1]:
        lines.append(process.stderr.readline())
        assert lines[-1], lines
    (url,) = re.findall(r"view: (http://127\.0\.0\.1:\d+/)", "".join(lines))
    assert b"<title>rgbt live</title>" in urllib.request.urlopen(url, timeout=30).read()
    path.write_text("pairing: {tolerance_s: 3}")
    while "the parameters stay as they were" not in lines[-1]:
        lines.append(process.stderr.readline())
        assert lines[-1], lines
    assert "pairing.tolerance_s = 3.0: expected at most 1" in lines[-1]
    # As from a service manager; Ctrl-C does the same.
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "0 results from 0 pairs\n")
    assert "Traceback" not in err


def test_while_loading_it_says_so_and_ends_on_ctrl_c(monkeypatch, capsys):
    told = threading.Event()

    def slow(config, progress):
        told.wait(30)
        time.sleep(1.0)
        raise RgbtError("never told")

    def interrupt():
        told.wait(30)
        os.kill(os.getpid(), signal.SIGINT)

    tell = live._tell_loading
    monkeypatch.setattr(live, "_tell_loading", lambda loading: (tell(loading), told.set()))
    monkeypatch.setattr("rgbt_perception.hosting.loading._TELL_S", 0.1)
    monkeypatch.setattr("rgbt_perception.hosting.loading.make_engine", slow)
    # The process would end here: it is that of the tests.
    monkeypatch.setattr(live, "still_loading", lambda: False)
    thread = threading.Thread(target=interrupt)
    thread.start()
    began = time.monotonic()
    assert main(["live"]) == 0
    thread.join()
    assert time.monotonic() - began < 30
    captured = capsys.readouterr()
    assert captured.out == "ended before anything was received\n"
    assert "still loading, for 0 s\n" in captured.err


def test_loading_tells_what_is_wrong_and_can_be_given_up(monkeypatch):
    from rgbt_perception.config import Config, with_values

    config = with_values(Config(), {"engine.depth_model": "missing.onnx"})
    with pytest.raises(RgbtError, match=r"missing\.onnx"):
        load_pipeline(config, lambda: True)
    release = threading.Event()
    monkeypatch.setattr(
        "rgbt_perception.hosting.loading.make_engine", lambda *given: release.wait(30)
    )
    with pytest.raises(RgbtError, match="given up"):
        load_pipeline(Config(), lambda: False)
    release.set()


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (["--domain", "300"], 2, "--domain is 300, expected 0 to 232"),
        (["--remap", "rgb/image"], 2, "--remap rgb/image: expected NAME:=NAME"),
        (["--remap", "rgb/image:=/a b"], 2, "'/a b': expected letters"),
        (["--namespace", "/a-b"], 2, "'/a-b': expected letters"),
        (["--watch"], 2, "--watch: expected together with --config"),
        (["--port", "8000"], 2, "--port: expected together with --view"),
        (["--depth-model", "none.onnx"], 1, "none.onnx"),
        (["--config", "none.yaml"], 1, "none.yaml"),
        (["--rig", "none.yaml"], 1, "rig none.yaml"),
        (["--seconds", "0"], 2, "0.0 is not in the range"),
    ],
)
def test_wrong_use_is_one_line(words, code, line, capsys):
    if "--depth-model" not in words:
        words = ["--engine", "constant", *words]
    assert main(["live", *words]) == code
    errors = [text for text in capsys.readouterr().err.splitlines() if text.startswith("rgbt:")]
    assert len(errors) == 1
    assert line in errors[0]


def test_a_broken_model_is_one_line(tmp_path, capsys):
    model = tmp_path / "broken.onnx"
    model.write_bytes(b"not a model")
    assert main(["live", "--depth-model", str(model)]) == 1
    (line,) = [text for text in capsys.readouterr().err.splitlines() if text.startswith("rgbt:")]
    assert "broken.onnx: not a usable ONNX file" in line


def state(**changes):
    values = {
        "title": "",
        "mode": Mode.FULL,
        "reasons": (),
        "result_hz": 29.97,
        "streams": (
            StreamState("rgb/image", "/cam/image_raw", 300, 30.0, 0.01),
            StreamState("thermal/image", "/thermal/image", 299, 29.9, 0.02),
            StreamState("rgb/camera_info", "/cam/camera_info", 299, 29.9, 0.02),
        ),
        "stages": {"total": (12.4, 11.0, 20.0)},
        "counters": {"pairs": 10, "results": 9, "dropped rgb": 1, "dropped thermal": 2},
        "modes": {"FULL": 8, "RGB_ONLY": 1},
        "outputs": {"/perception/points": 2},
    }
    return ViewState(**(values | changes))


def test_the_line_and_the_summary():
    assert status_line.text(state()) == (
        "FULL | rgb 30.0 Hz | thermal 29.9 Hz | 30.0 results/s | latency 12 ms | dropped 3 | "
        "rejected 0 | 2 subscribers"
    )
    early = state(stages={"total": (float("nan"), 11.0, 20.0)})
    assert "latency" not in status_line.text(early)
    lost = state(mode=Mode.RGB_ONLY, reasons=("thermal_lost",), stages={})
    assert status_line.text(lost).startswith("RGB_ONLY (thermal_lost) | rgb 30.0 Hz")
    assert status_line.summary(state()) == (
        "9 results from 10 pairs (8 FULL, 1 RGB_ONLY), dropped rgb 1, dropped thermal 2; "
        "latency 11.0 ms median, 20.0 ms 99 %"
    )


def test_off_a_terminal_a_line_only_when_the_mode_changes(capsys):
    line = status_line.StatusLine()
    full, lost = (Mode.FULL, ()), (Mode.RGB_ONLY, ("thermal_lost",))
    told = []
    for mode in (full, full, lost, lost, full):
        if line.due(mode):
            told.append(mode)
            line.show(mode, state())
    assert told == [full, lost, full]
    assert capsys.readouterr().err.count("\n") == 3


def test_on_a_terminal_one_line_that_changes_below_the_log(monkeypatch, capsys):
    import logging

    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    line = status_line.StatusLine()
    line.show((Mode.FULL, ()), state())
    assert not line.due((Mode.RGB_ONLY, ()))
    shown = capsys.readouterr().err
    assert "\n" not in shown
    assert len(shown.removeprefix("\r\x1b[2K")) < 40
    line.emit(logging.makeLogRecord({"msg": "careful"}))
    assert capsys.readouterr().err == f"\r\x1b[2Kcareful\n{shown}"
    line.end()
    assert capsys.readouterr().err == "\n"
