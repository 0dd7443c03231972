from __future__ import annotations

import hashlib

from rgbt_perception.cli import doctor
from rgbt_perception.cli.main import main
from rgbt_perception.engines import choice
from rgbt_perception.engines.int8_file import SOURCE


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
