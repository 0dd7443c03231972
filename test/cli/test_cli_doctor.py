from __future__ import annotations

from rgbt_perception.cli import doctor
from rgbt_perception.cli.main import main


def test_names_what_is_there(capsys):
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    assert "onnxruntime" in text
    assert "model confidence_depth" in text
    assert "everything needed is there" in text


def test_names_what_is_missing(capsys, monkeypatch):
    monkeypatch.setattr(doctor, "_NEEDED", ("numpy", "no-such-package"))
    assert main(["doctor"]) == 1
    text = capsys.readouterr().out
    assert "no-such-package: not installed (needed)" in text
    assert "missing: no-such-package" in text
