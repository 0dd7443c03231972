from __future__ import annotations

import json
import shutil

import pytest
from tiny_accuracy import KnownErrors, write_recording

from rgbt_perception.evaluation.suite import __main__ as command
from rgbt_perception.evaluation.suite import pole
from rgbt_perception.evaluation.suite.run import SECTIONS


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Tiny recordings by condition and rate, written once."""
    folder = tmp_path_factory.mktemp("library")

    def recording(spec):
        path = folder / f"{spec.scene}-{spec.light}-{spec.weather}-{spec.rate:g}.mcap"
        if not path.exists():
            condition = (spec.scene, spec.light, spec.weather)
            write_recording(path, condition, round(spec.seconds * spec.rate), int(1000 / spec.rate))
        return path

    return recording


@pytest.fixture
def data(tmp_path, library, monkeypatch):
    """Instead of rendering, recordings of the library; tells which ones were asked for."""

    def present(specs, folder, processes, progress=None):
        present.asked += specs
        folder.mkdir(exist_ok=True)
        for spec in specs:
            if not (folder / spec.file_name).exists():
                shutil.copy(library(spec), folder / spec.file_name)
        return [folder / spec.file_name for spec in specs]

    present.folder, present.asked = tmp_path / "data", []
    monkeypatch.setattr("rgbt_perception.evaluation.suite.run.render_missing", present)
    monkeypatch.setattr(command, "make_engine", lambda config: KnownErrors())
    monkeypatch.setattr(pole, "POSES", pole.POSES[:1])
    return present


def call(data, *words):
    out = data.folder.parent / "out"
    fixed = ["--first-seed", "700000", "--seeds-per-condition", "1", "--pairs", "1"]
    code = command.main([*fixed, "--data", str(data.folder), "--out", str(out), *words])
    return code, out / "accuracy.json"


def test_all_sections(data, capsys):
    code, file = call(data, "--scenes", "rescue")
    tree = json.loads(file.read_text())
    assert list(tree["sections"]) == list(SECTIONS)
    assert len(data.asked) == 16
    assert code == (0 if tree["passed"] else 1)
    verdicts = {check["name"]: check["passed"] for check in tree["checks"]}
    assert verdicts["abs_rel of fused / better camera, mean of rescue"]
    assert verdicts["coverage of the fused depth, every condition"]
    printed = capsys.readouterr().out
    for name, passed in verdicts.items():
        (line,) = (line for line in printed.splitlines() if line.startswith(name + " "))
        assert line.endswith("PASS" if passed else "FAIL")
    assert "wrote" in printed


def test_one_section_and_scene_need_no_more_recordings(data):
    code, file = call(data, "--only", "confidence", "--scenes", "rescue")
    assert code == 0
    assert {spec.scene for spec in data.asked} == {"rescue"}
    assert len(data.asked) == 8
    tree = json.loads(file.read_text())
    assert list(tree["sections"]) == ["confidence"]
    assert tree["passed"]


def test_pole_needs_no_recording(data):
    assert call(data, "--only", "pole")[0] == 0
    assert data.asked == []


def test_a_failed_check_is_exit_code_1(data, monkeypatch):
    monkeypatch.setattr("rgbt_perception.evaluation.suite.confidence.LEAST_LOWERED", 0.99)
    code, file = call(data, "--only", "confidence", "--scenes", "rescue")
    assert code == 1
    assert json.loads(file.read_text())["passed"] is False


def test_wrong_use_is_told(data, capsys):
    assert call(data, "--scenes", "beach")[0] == 2
    assert "--scenes: 'beach' is none of: street, rescue" in capsys.readouterr().err
    assert call(data, "--only", "everything")[0] == 2
    assert "everything" in capsys.readouterr().err


def test_a_damaged_recording_is_named(data, capsys):
    call(data, "--only", "confidence", "--scenes", "rescue")
    for path in data.folder.iterdir():
        path.write_bytes(b"no recording")
    assert call(data, "--only", "confidence", "--scenes", "rescue")[0] == 1
    assert "delete it to have it rendered again" in capsys.readouterr().err
