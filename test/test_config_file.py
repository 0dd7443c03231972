from __future__ import annotations

from pathlib import Path

import pytest

from rgbt_perception.config import Config, with_values
from rgbt_perception.config_file import load_config
from rgbt_perception.engines.choice import make_engine
from rgbt_perception.errors import InputError, RgbtError


def write(folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "text",
    [
        "/**:\n  ros__parameters:\n    pairing:\n      queue_size: 9\n",
        "/**:\n  ros__parameters:\n    pairing.queue_size: 9\n",
        "/robot/perception:\n  ros__parameters: {pairing: {queue_size: 9}}\n",
        "pairing:\n  queue_size: 9\n",
        "pairing.queue_size: 9\n",
    ],
)
def test_every_form_of_file(tmp_path: Path, text: str) -> None:
    config = load_config(write(tmp_path, text))
    assert config == with_values(Config(), {"pairing.queue_size": 9})


@pytest.mark.parametrize("text", ["", "# nothing\n", "/**:\n  ros__parameters:\n"])
def test_an_empty_file_is_the_defaults(tmp_path: Path, text: str) -> None:
    assert load_config(write(tmp_path, text)) == Config()


def test_a_rig_is_looked_for_beside_the_file(tmp_path: Path) -> None:
    assert load_config(write(tmp_path, "rig: my.yaml")).rig == str(tmp_path / "my.yaml")
    assert load_config(write(tmp_path, "rig: /etc/my.yaml")).rig == "/etc/my.yaml"


@pytest.mark.parametrize(
    ("written", "is_path"),
    [
        ("mine.onnx", True),
        ("models/mine", True),
        ("./mine", True),
        ("../models/mine.onnx", True),
        ("/etc/mine.onnx", True),
        ("confidence_depth", False),
        ("confidence.depth", False),
        ("", False),
    ],
)
def test_a_model_is_looked_for_beside_the_file(tmp_path: Path, written: str, is_path: bool) -> None:
    config = load_config(write(tmp_path, f"engine: {{depth_model: '{written}'}}"))
    expected = str(tmp_path / written) if is_path else written
    assert config.engine.depth_model == expected
    # What is not read from a file is relative to the working directory.
    plain = with_values(Config(), {"engine.depth_model": written, "rig": "my.yaml"})
    assert (plain.engine.depth_model, plain.rig) == (written, "my.yaml")


def test_a_scene_model_is_looked_for_as_the_depth_model_is(tmp_path):
    path = write(tmp_path, "scene: {model: models/mine.onnx}")
    assert load_config(path).scene.model == str(tmp_path / "models/mine.onnx")
    assert load_config(write(tmp_path, "scene: {model: scene}")).scene.model == "scene"
    assert load_config(write(tmp_path, "scene: {model: ''}")).scene.model == ""


def test_a_missing_model_of_a_file_is_named_where_it_was_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "configs").mkdir()
    path = write(tmp_path / "configs", "engine: {depth_model: mine.onnx}")
    monkeypatch.chdir(tmp_path)
    Path("mine.onnx").write_bytes(b"not the one that is meant")
    with pytest.raises(RgbtError, match=f"model '{tmp_path}/configs/mine.onnx': neither a file"):
        make_engine(load_config(path).engine)
    with pytest.raises(RgbtError, match=r"model 'configs/mine\.onnx': neither a file"):
        make_engine(load_config(path.relative_to(tmp_path)).engine)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("pairing: [1", "not YAML"),
        ("pairing: 2023-13-45", "not YAML (month must be in 1..12)"),
        ("pairing: " + 5000 * "1", "not YAML"),
        (5000 * "[", "not YAML"),
        ("pairing: &a {again: *a}", "parameter pairing.again.again: unknown"),
        ("- 1\n- 2\n", "expected a mapping of parameters"),
        ("5", "expected a mapping of parameters"),
        ("/**:\n  ros__parameters: [1, 2]\n", "expected a mapping below ros__parameters"),
        ("/**:\n  ros__parameters: 7\n", "expected a mapping below ros__parameters"),
        ("pairing: 5\n", "parameter pairing: unknown"),
        ("1: {2: 3}\n", "parameter 1.2: unknown"),
        ("pairing: {tolerance_s: soon}\n", "pairing.tolerance_s = 'soon': expected float"),
        ("thermal: {normalization: off}\n", "False is none of"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(InputError) as caught:
        load_config(write(tmp_path, text))
    assert problem in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_missing_file_and_a_binary_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.yaml: No such file"):
        load_config(tmp_path / "nowhere.yaml")
    with pytest.raises(InputError, match="Is a directory"):
        load_config(tmp_path)
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(InputError, match="not YAML"):
        load_config(binary)


# The shipped file
