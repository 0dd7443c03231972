"""What the launch files hand on; the ``launch`` of ROS 2 is replaced by stand-ins."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from rgbt_perception.outputs import TOPICS
from rgbt_perception.recording.reader import RecordingReader
from rgbt_perception.resources import share

FOLDER = share("launch")


class Configuration:
    """``LaunchConfiguration``: what the context says of one argument."""

    def __init__(self, name: str) -> None:
        self.name = name

    def perform(self, context: SimpleNamespace) -> str:
        return context.launch_configurations[self.name]


def context(**given: str) -> SimpleNamespace:
    """A ``LaunchContext``; arguments that are not given are empty."""
    return SimpleNamespace(launch_configurations=defaultdict(str, given))


def kept(*values: Any, **named: Any) -> SimpleNamespace:
    """Whatever else is called of ROS."""
    return SimpleNamespace(values=values, **named)


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Loads a launch file."""

    def load(name: str) -> ModuleType:
        path = FOLDER / name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), name)):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith(
                ("launch", "lifecycle_msgs", "ament_index_python")
            ):
                stand_in = sys.modules.get(str(node.module))
                if not isinstance(stand_in, SimpleNamespace):
                    stand_in = SimpleNamespace()
                    monkeypatch.setitem(sys.modules, str(node.module), stand_in)
                for item in node.names:
                    setattr(stand_in, item.name, kept)
        sys.modules["launch.substitutions"].LaunchConfiguration = Configuration
        if descriptions := sys.modules.get("launch_ros.parameter_descriptions"):
            descriptions.ParameterFile = lambda file, **_: file
        spec = importlib.util.spec_from_file_location(name.split(".")[0], path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


def started(module: ModuleType, config: Path, **given: str) -> dict[str, Any]:
    """The parameters that the node gets beside those of its file."""
    (node,) = module._perception(context(config=str(config), start="autostart", **given))
    file, parameters = node.parameters
    assert file == str(config)
    return parameters


def test_paths_of_a_parameter_file_are_relative_to_it(load, tmp_path):
    module = load("perception.launch.py")
    config = tmp_path / "mine.yaml"
    config.write_text(
        "/**:\n  ros__parameters:\n    rig: rigs/a.yaml\n"
        "    engine: {depth_model: models/mine.onnx}\n"
    )
    found = started(module, config)
    assert found["rig"] == str(tmp_path / "rigs/a.yaml")
    assert found["engine.depth_model"] == str(tmp_path / "models/mine.onnx")
    # What is given on the command line is relative to where that is, and goes before the file.
    found = started(module, config, rig="b.yaml", engine="constant")
    assert found["rig"] == "b.yaml"
    assert found["engine.name"] == "constant"
    assert found["engine.depth_model"] == str(tmp_path / "models/mine.onnx")
    config.write_text("/**:\n  ros__parameters:\n    engine: {depth_model: confidence_depth}\n")
    found = started(module, config)
    assert found["engine.depth_model"] == "confidence_depth"
    assert "rig" not in found


@pytest.mark.parametrize("text", ["engine: {nme: constant}", "[", None])
def test_what_is_wrong_with_a_parameter_file_is_left_to_the_node(load, tmp_path, text):
    config = tmp_path / "bad.yaml"
    if text is not None:
        config.write_text(text)
    found = started(load("perception.launch.py"), config, rig="b.yaml")
    assert found == {"rig": "b.yaml", "use_sim_time": False, "autostart": True}


def excluded(module: ModuleType, node_name: str) -> re.Pattern[str]:
    """The topics that the player leaves out."""
    calls: list[dict[str, Any]] = []
    module.ExecuteProcess = lambda **values: calls.append(values)
    module._player(context(bag="a.mcap", rate="1.0", node_name=node_name))
    (player,) = calls
    words = player["cmd"]
    return re.compile(words[words.index("--exclude-regex") + 1])


def test_a_recording_plays_without_what_a_perception_said(load):
    pattern = excluded(load("replay.launch.py"), "mine")
    said = [f"{space}/mine/{topic}" for topic in TOPICS for space in ("", "/front", "/a/b")]
    for topic in ("/clock", "/diagnostics", *said):
        assert pattern.fullmatch(topic), topic
    with RecordingReader(share("samples/night_smoke.mcap")) as reader:
        needed = {message.topic for message in reader.messages()}
    assert len(needed) > 5
    for topic in (*needed, "/mine", "/mined/points", "/perception/points", "/front/diagnostics"):
        assert not pattern.fullmatch(topic), topic
