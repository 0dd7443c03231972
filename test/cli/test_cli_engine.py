"""`rgbt engine`: build, list and clear, with a compiler that needs no GPU."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
from fake_compiler import FakeBuilder, builds, make_compiler, write_model

from rgbt_perception.cli import engine
from rgbt_perception.cli.main import main
from rgbt_perception.engines.int8_file import SOURCE

pytest.importorskip("onnx")

# As `rgbt`, but for the compiler.
SCRIPT = """
import sys
from pathlib import Path
from fake_compiler import FakeBuilder, make_compiler
from rgbt_perception.cli import engine
from rgbt_perception.cli.main import main
builder = FakeBuilder(Path(sys.argv[1]))
builder.seconds = 60.0
engine.tensorrt_compiler = lambda onnx, precision: make_compiler(builder)
sys.exit(main(sys.argv[2:]))
"""


@pytest.fixture
def builder(tmp_path, monkeypatch):
    made = FakeBuilder(tmp_path / "journal")
    monkeypatch.setattr(engine, "tensorrt_compiler", lambda onnx, precision: make_compiler(made))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return made


@pytest.fixture
def model(tmp_path):
    return str(write_model(tmp_path / "tiny.onnx"))


def test_int8_is_built_from_the_form_in_int8(builder, tmp_path, capsys):
    from small_network import quantised_network, small_network

    plain = tmp_path / "small.onnx"
    plain.write_bytes(small_network())
    words = ["engine", "build", str(plain), "--precision", "int8"]
    assert main(words) == 1
    assert "small.onnx: has no form in int8; expected small.int8.onnx" in capsys.readouterr().err
    made_of = {SOURCE: hashlib.sha256(plain.read_bytes()).hexdigest()}
    (tmp_path / "small.int8.onnx").write_bytes(quantised_network(plain.read_bytes(), made_of))
    assert main([*words, "--json"]) == 0
    text = capsys.readouterr().out
    found = json.loads(text[text.index("{") :])["engines"]
    assert [(item["model"], item["precision"]) for item in found] == [("small.int8", "int8")]


def test_builds_lists_and_clears(builder, model, tmp_path, capsys):
    assert main(["engine", "build", model, "--precision", "fp32"]) == 0
    told = capsys.readouterr()
    assert "building engine tiny (fp32)\n" in told.err
    folder = tmp_path / "rgbt_perception" / "engines"
    title, head, line = told.out.splitlines()
    assert title == f"{folder}:"
    assert head.split()[:3] == ["model", "precision", "runtime"]
    assert line.split()[:3] == ["tiny", "fp32", "fake"]
    assert "Fake GPU (8.7)" in line
    assert main(["engine", "build", model, "--precision", "fp32"]) == 0
    assert builds(builder.journal) == 1
    assert main(["engine", "build", model, "--json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    found = json.loads("\n".join(lines[3:]))["engines"]
    assert [item["precision"] for item in found] == ["fp16"]
    assert main(["engine", "list", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {item["precision"] for item in found["engines"]} == {"fp16", "fp32"}
    assert all(item["usable"] and item["parity"]["y"]["mean"] == 0 for item in found["engines"])
    assert main(["doctor"]) == 0
    text = capsys.readouterr().out
    assert f"compiled networks: 2 in {folder}" in text
    assert main(["engine", "clear", "confidence_depth"]) == 0
    assert capsys.readouterr().out == f"{folder}: 0 removed, 0.0 MB\n"
    assert main(["engine", "clear", "tiny", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["removed"]) == 2
    assert [path.name for path in folder.iterdir()] == [".lock"]
    assert main(["engine", "list"]) == 0
    assert capsys.readouterr().out == f"{folder}: no engines\n"


def test_a_refused_engine_is_exit_code_1_and_listed_as_such(builder, model, tmp_path, capsys):
    builder.error = 1.0
    cache = ["--cache", str(tmp_path / "own")]
    for count in (1, 2):  # asked for again, it is tried again
        assert main(["engine", "build", model, *cache]) == 1
        error = capsys.readouterr().err.splitlines()[-1]
        assert error.startswith(
            "rgbt: engine tiny (fp16): refused, its results differ from fp32: y ("
        )
        assert builds(builder.journal) == count
    assert main(["engine", "list", *cache]) == 0
    assert "refused" in capsys.readouterr().out.splitlines()[2]
    assert main(["engine", "clear", model, *cache]) == 0
    assert capsys.readouterr().out.endswith("1 removed, 0.0 MB\n")


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (["build", "nowhere"], 1, "model 'nowhere': neither a file nor one of the shipped"),
        (["clear", "nowhere"], 1, "model 'nowhere': neither a file nor one of the shipped"),
        (["build"], 2, "Missing argument 'MODEL'"),
        (["build", "x", "--precision", "fp8"], 2, "'fp8' is not one of 'fp32', 'fp16', 'int8'"),
        ([], 2, "Usage: rgbt engine"),
    ],
)
def test_wrong_words_are_one_line(words, code, line, capsys):
    assert main(["engine", *words]) == code
    assert line in capsys.readouterr().err


def test_without_tensorrt_it_says_what_is_missing(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    assert main(["engine", "build", "confidence_depth"]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert re.search(r"tensorrt: not installed; expected|no NVIDIA driver", error)


def test_a_folder_that_cannot_be_written_is_told_before_building(builder, model, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["engine", "build", model, "--cache", str(tmp_path / "file")]) == 1
    assert f"engine cache {tmp_path}/file: cannot be written" in capsys.readouterr().err
    assert builds(builder.journal) == 0


def test_ctrl_c_ends_a_build_at_once_and_leaves_nothing(tmp_path, model):
    cache, journal = tmp_path / "cache", tmp_path / "journal"
    words = [str(journal), "engine", "build", model, "--cache", str(cache)]
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *words],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    end = time.monotonic() + 30
    while builds(journal) == 0 and time.monotonic() < end:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=20)
    assert process.returncode == 1
    assert error.splitlines()[-1].startswith("rgbt: interrupted")
    assert [path.name for path in cache.iterdir()] == [".lock"]
