from __future__ import annotations

import hashlib
import re
from pathlib import Path

from rgbt_perception.cli import doctor
from rgbt_perception.cli.main import main
from rgbt_perception.engines import choice
from rgbt_perception.engines.int8_file import SOURCE
from rgbt_perception.errors import RgbtError


def test_names_what_is_there(capsys):
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    assert "onnxruntime" in text
    assert "model confidence_depth" in text
    assert "everything needed is there" in text


def test_the_extras_are_those_that_can_be_installed(capsys, monkeypatch):
    setup = (Path(__file__).parents[2] / "setup.py").read_text(encoding="utf-8")
    for extra, names in doctor._EXTRAS.items():
        (listed,) = re.findall(rf'"{extra}": \[(.*?)\]', setup, re.DOTALL)
        assert re.findall(r'"([\w-]+)[><=]', listed) == list(names)
    monkeypatch.setattr(doctor, "_EXTRAS", {"cpu": ("no-such-package",)})
    assert main(["doctor"]) == 0
    assert "no-such-package: not installed (extra [cpu])" in capsys.readouterr().out


def test_tells_what_the_processor_can_do(capsys, monkeypatch):
    def has_not():
        raise RgbtError("no bf16 here")

    monkeypatch.setattr(doctor, "has_openvino", lambda: True)
    monkeypatch.setattr(doctor, "cores", lambda: 5)
    for prefers, check, line in (
        (True, lambda: None, "CPU: 5 cores, engine auto: openvino; engine.precision bf16 can be"),
        (False, has_not, "CPU: 5 cores, engine auto: onnxruntime; no bf16 here"),
    ):
        monkeypatch.setattr(doctor, "prefers_openvino", lambda threads, found=prefers: found)
        monkeypatch.setattr(doctor, "check_bf16", check)
        assert main(["doctor"]) == 0
        assert line in capsys.readouterr().out


def test_names_what_is_missing(capsys, monkeypatch):
    monkeypatch.setattr(doctor, "_NEEDED", ("numpy", "no-such-package"))
    assert main(["doctor"]) == 1
    text = capsys.readouterr().out
    assert "no-such-package: not installed (needed)" in text
    assert "missing: no-such-package" in text


def test_forms_in_int8_are_shown_with_the_model_that_they_belong_to(tmp_path, capsys, monkeypatch):
    """And those that do not belong to it as it is now."""
    monkeypatch.setattr(choice, "_WEIGHTS", tmp_path)
    for name in ("one", "two"):
        (tmp_path / f"{name}.onnx").write_bytes(name.encode())
    key, digest = SOURCE.encode(), hashlib.sha256(b"one").hexdigest().encode()
    pair = b"\x0a" + bytes([len(key)]) + key + b"\x12" + bytes([len(digest)]) + digest
    for name in ("one", "two"):
        (tmp_path / f"{name}.int8.onnx").write_bytes(b"\x72" + bytes([len(pair)]) + pair)
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    content = (tmp_path / "one.int8.onnx").read_bytes()
    assert f"model one in int8 (for openvino): 0.0 MB, sha256 {sha256(content)}" in text
    assert "two.int8.onnx: was made from another file than two.onnx" in text
    assert "model one.int8" not in text


def sha256(content):
    return hashlib.sha256(content).hexdigest()
