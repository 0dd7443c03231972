from __future__ import annotations

import json
import os
import threading
from contextlib import suppress

import pytest
from dds_domains import domain_of

pytest.importorskip("cyclonedds", reason="needs the extra [live]")

from rgbt_perception.cli.main import main
from rgbt_perception.live.configuration import network_from_environment
from rgbt_perception.live.play import PlayOptions, PlayReport, play


@pytest.fixture(autouse=True)
def _local(monkeypatch):
    monkeypatch.delenv("CYCLONEDDS_URI", raising=False)
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    monkeypatch.setenv("ROS_DOMAIN_ID", str(domain_of(3, os.getpid())))


@pytest.fixture
def playing(recording_maker, _local):
    path, network = recording_maker(), network_from_environment()
    begun, stop = threading.Event(), threading.Event()

    def show(done, total):
        begun.set()
        if stop.is_set():
            raise KeyboardInterrupt

    def run():
        with suppress(KeyboardInterrupt):
            play(path, network, PlayOptions(loop=True, delay_s=0), PlayReport(), show)

    thread = threading.Thread(target=run)
    thread.start()
    assert begun.wait(60)
    yield
    stop.set()
    thread.join()


def test_a_running_system_as_text_and_json(playing, capsys):
    assert main(["doctor", "--live", "--seconds", "3"]) == 0
    text = capsys.readouterr().out
    assert "everything needed is there" in text
    lines = text.splitlines()
    place = lines.index("/thermal/image  sensor_msgs/msg/Image")
    assert "40x32, mono16, frame thermal_optical_frame, stamps " in lines[place + 1]
    assert lines[place + 2] == "  from /rgbt_play (reliable, volatile)"
    assert "nodes: /rgbt_play" in lines
    assert lines[-1] == "perception can start"

    words = ["doctor", "--live", "--seconds", "3", "--json", "--remap", "rgb/image:=/other"]
    assert main(words) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["ready"] is False
    assert found["domain"] == int(os.environ["ROS_DOMAIN_ID"])
    assert [line.split(";")[0] for line in found["missing"]] == ["/other: no publisher"]
    assert {topic["name"] for topic in found["topics"]} >= {"/rgb/image", "/tf_static"}


def test_an_empty_domain(capsys):
    assert main(["doctor", "--live", "--seconds", "0.5"]) == 1
    text = capsys.readouterr().out
    assert "nodes: none" in text
    assert "topics: none; is it the right domain" in text
    assert "missing: /rgb/image: no publisher" in text


def test_names_are_those_of_a_namespace(capsys):
    words = ["doctor", "--live", "--seconds", "0.3", "--json", "--namespace", "/front"]
    remaps = ["--remap", "rgb/image:=cam", "--remap", "/front/thermal/image:=/heat"]
    assert main([*words, *remaps]) == 1
    missing = json.loads(capsys.readouterr().out)["missing"]
    found = {line.split(":")[0] for line in missing if ": no publisher" in line}
    assert found >= {"/front/cam", "/heat", "/front/rgb/camera_info", "/front/thermal/camera_info"}
    assert main([*words, "--remap", "/rear/rgb/image:=/cam"]) == 2
    assert "no topic /rear/rgb/image" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--domain", "3"], "--domain belongs to --live"),
        (["--json"], "--json belongs to --live"),
        (["--live", "--domain", "900"], "--domain is 900, expected 0 to 232"),
        (["--live", "--json", "--remap", "x"], "--remap x: expected NAME:=NAME"),
    ],
)
def test_wrong_use_gives_one_line(capsys, words, line):
    assert main(["doctor", *words]) == 2
    lines = [text for text in capsys.readouterr().err.splitlines() if text.startswith("rgbt:")]
    assert len(lines) == 1
    assert line in lines[0]
