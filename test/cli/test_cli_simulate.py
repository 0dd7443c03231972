from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rgbt_perception.cli.main import main
from rgbt_perception.recording.reader import RecordingReader

COMMAND = ["simulate", "--scene", "rescue", "--light", "night", "--weather", "clear"]
SMALL = ["--seconds", "0.2", "--rate", "5", "--seed", "800050", "--jobs", "1"]
SIZES = ["--rgb-size", "64x48", "--thermal-size", "48x40"]


def test_simulate_writes_a_recording(tmp_path: Path) -> None:
    out = tmp_path / "a.mcap"
    assert main([*COMMAND, *SMALL, *SIZES, "--out", str(out)]) == 0
    with RecordingReader(out) as reader:
        assert reader.topics["/thermal/image"].count == 1
        assert reader.topics["/rgb/image"].count == 1


def test_simulate_without_mujoco_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "mujoco", None)
    out = tmp_path / "a.mcap"
    assert main([*COMMAND, *SMALL, *SIZES, "--out", str(out)]) == 1
    error = capsys.readouterr().err
    assert "[sim]" in error
    assert len(error.strip().splitlines()) == 1
    assert not out.exists()


@pytest.mark.parametrize(
    ("option", "value"), [("--weather", "snow"), ("--rgb-size", "64"), ("--rate", "0")]
)
def test_wrong_values_are_wrong_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    words = [*COMMAND, *SMALL, *SIZES, "--out", str(tmp_path / "a.mcap"), option, value]
    assert main(words) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
