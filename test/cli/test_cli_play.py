from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from rgbt_perception.cli.main import main

pytest.importorskip("cyclonedds", reason="needs the extra [live]")


@pytest.fixture(autouse=True)
def _local(monkeypatch):
    monkeypatch.delenv("CYCLONEDDS_URI", raising=False)
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    monkeypatch.setenv("ROS_DOMAIN_ID", str(1 + os.getpid() % 99))


def start(*words):
    command = [sys.executable, "-m", "rgbt_perception.cli", "play", *map(str, words)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_plays_to_the_end(recording_maker, capsys):
    path = recording_maker()
    assert main(["play", str(path), "--rate", "20", "--delay", "0", "--clock"]) == 0
    captured = capsys.readouterr()
    assert captured.out == "21 messages sent, 1 times from the start\n"
    domain = os.environ["ROS_DOMAIN_ID"]
    assert f"{path}: node /rgbt_play, domain {domain}, rate 20" in captured.err


@pytest.mark.parametrize(("words", "code"), [(["--loop"], 0), (["--rate", "0.01"], 1)])
def test_ends_with_ctrl_c(recording_maker, words, code):
    process = start(recording_maker(), "--delay", "0", *words)
    assert process.stderr.readline().endswith(f"rate {words[-1] if code else 1}\n")
    # Let it come past opening the recording; it plays for 40 s or for ever.
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code, out + err
    assert "Traceback" not in err
    if code == 0:
        assert "messages sent" in out
    else:
        assert err.splitlines()[-1] == "rgbt: interrupted; what was done so far is kept"


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (["missing.mcap"], 1, "missing.mcap: does not exist, expected"),
        (["a.mcap", "--domain", "300"], 2, "--domain is 300, expected 0 to 232"),
        (["a.mcap", "--rate", "0"], 2, "0.0 is not in the range"),
    ],
)
def test_wrong_use_gives_one_line(capsys, words, code, line):
    assert main(["play", *words]) == code
    lines = [text for text in capsys.readouterr().err.splitlines() if text.startswith("rgbt:")]
    assert len(lines) == 1
    assert line in lines[0]


def test_the_domain_may_come_from_the_environment(capsys, monkeypatch):
    monkeypatch.setenv("ROS_DOMAIN_ID", "seven")
    assert main(["play", "a.mcap"]) == 2
    assert "ROS_DOMAIN_ID is 'seven', expected a number" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["play", "a.mcap"], ["live", "--view"], ["doctor", "--live", "--json"]]
)
def test_names_the_extra_when_cyclone_dds_is_missing(words):
    code = (
        "import sys; sys.modules['cyclonedds'] = None\n"
        "from rgbt_perception.cli.main import main\n"
        f"sys.exit(main(['--help']) or main({words!r}))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 1
    lines = result.stderr.splitlines()
    assert len(lines) == 1
    assert "pip install 'rgbt_perception[live]'" in lines[0]
