"""The launch files parse, name what exists, and, where ROS 2 is there, can be read by it."""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from rgbt_perception.config import parameters
from rgbt_perception.resources import share
from rgbt_perception.session import Stream
from rgbt_perception.simulation.settings import SimulatorSettings

FOLDER = share("launch")
FILES = sorted(FOLDER.glob("*.launch.py"))
NAMES = tuple(f"{name}.launch.py" for name in ("evaluation", "perception", "replay", "simulation"))


def tree_of(name: str) -> ast.Module:
    return ast.parse((FOLDER / name).read_text(encoding="utf-8"), name)


def constant(name: str, variable: str) -> Any:
    """The value of a constant at the top of a launch file; types become their names."""

    def value(node: ast.expr) -> Any:
        match node:
            case ast.Dict(keys=keys, values=values):
                return {value(k): value(v) for k, v in zip(keys, values, strict=True) if k}
            case ast.Tuple(elts=items):
                return tuple(value(item) for item in items)
            case ast.Name(id=text):
                return text
            case _:
                return ast.literal_eval(node)

    for node in tree_of(name).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=found)], value=what) if found == variable:
                return value(what)
            case ast.AnnAssign(target=ast.Name(id=found), value=ast.expr() as what) if (
                found == variable
            ):
                return value(what)
    raise AssertionError(f"{name}: no {variable}")


def calls(name: str, function: str) -> Iterator[dict[str, Any]]:
    """The literal keyword arguments, and ``arg0``, of every call of a function."""
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == function:
            pairs = [(k.arg, k.value) for k in node.keywords if k.arg]
            pairs += [("arg0", node.args[0])] if node.args else []
            yield {key: v.value for key, v in pairs if isinstance(v, ast.Constant)}


def test_all_are_there() -> None:
    assert tuple(file.name for file in FILES) == NAMES


def test_the_inputs_that_can_be_remapped_are_the_node_s() -> None:
    inputs = constant("perception.launch.py", "INPUTS")
    per_camera = {s.value for s in Stream if s not in (Stream.TF_STATIC, Stream.RIG)}
    assert set(inputs) == per_camera
    assert all(argument == topic.replace("/", "_") for topic, argument in inputs.items())


def test_arguments_replace_parameters_that_exist() -> None:
    known = {spec.name for spec in parameters()}
    assert set(constant("perception.launch.py", "PARAMETERS").values()) <= known


def test_the_simulator_s_arguments_are_its_parameters_with_their_defaults() -> None:
    known = {spec.name: spec for spec in parameters(SimulatorSettings)}
    for name, (kind, default, _) in constant("simulation.launch.py", "SIMULATOR").items():
        spec = known[name]
        plain = getattr(spec.default, "value", spec.default)
        assert type(plain).__name__ == kind
        assert type(plain)(default) == plain, name


@pytest.mark.parametrize("name", NAMES)
def test_executables_and_files_exist(name: str) -> None:
    scripts = {path.name for path in (Path(FOLDER).parent / "scripts").glob("*")}
    if not scripts:
        scripts = {path.name for path in (FOLDER.parents[2] / "lib/rgbt_perception").glob("*")}
    for function in ("Node", "LifecycleNode"):
        for call in calls(name, function):
            if call.get("package") != "rviz2":
                assert call["executable"] in scripts
    text = (FOLDER / name).read_text(encoding="utf-8")
    for folder, file in (
        ("config", "perception.yaml"),
        ("config", "rgbt.rviz"),
        ("launch", "perception.launch.py"),
        ("launch", "evaluation.launch.py"),
        ("samples", "night_smoke.mcap"),
    ):
        if f'"{file}"' in text:
            assert share(f"{folder}/{file}").exists()


@pytest.mark.parametrize("name", NAMES)
def test_every_argument_says_what_it_is(name: str) -> None:
    declared = [
        node
        for node in ast.walk(tree_of(name))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "DeclareLaunchArgument"
    ]
    assert declared
    for node in declared:
        assert {k.arg for k in node.keywords} >= {"default_value", "description"}, node.lineno


def load(name: str) -> ModuleType:
    pytest.importorskip("launch_ros", reason="needs ROS 2 (launch_ros)")
    spec = importlib.util.spec_from_file_location(name.split(".")[0], FOLDER / name)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", NAMES)
def test_ros_reads_it_and_every_argument_is_described(name: str) -> None:
    module = load(name)
    description = module.generate_launch_description()
    arguments = description.get_launch_arguments()
    assert arguments
    for argument in arguments:
        assert argument.description != "no description given", argument.name


def test_the_evaluation_s_switches_are_its_parameters_with_their_defaults() -> None:
    pytest.importorskip("rclpy", reason="needs ROS 2 (rclpy)")
    from rgbt_perception.nodes.evaluation_node import EvaluationSettings

    known = {spec.name: spec.default for spec in parameters(EvaluationSettings)}
    switches = constant("evaluation.launch.py", "SWITCHES")
    ours = {name: default == "true" for name, (default, _) in switches.items() if name in known}
    assert ours == {name: known[name] for name in ours}
    assert set(switches) - set(known) == {"use_sim_time"}
    assert "scene network" in switches["labels"][1]


def test_rviz_is_shown_the_topics_of_this_rig() -> None:
    module = load("perception.launch.py")
    given = {argument: topic for topic, argument in module.INPUTS.items()}
    given |= {"namespace": "", "node_name": "perception"}
    assert module.renamed(given) == []
    given |= {"namespace": "rear", "rgb_image": "/cam0/raw"}
    names = dict(module.renamed(given))
    assert names["/rgb/image"] == "/cam0/raw"
    assert names["/thermal/image"] == "/rear/thermal/image"
    assert names["/perception/points"] == "/rear/perception/points"
    assert "/tf_static" not in names


def test_the_player_s_topics_go_where_the_nodes_listen() -> None:
    module = load("replay.launch.py")
    inputs = constant("perception.launch.py", "INPUTS")
    assert set(module.INPUTS) == set(inputs.values())
    given = {argument: topic for topic, argument in inputs.items()}
    assert module._moved({**given, "namespace": ""}) == []
    option, *rules = module._moved({**given, "namespace": "/front", "rgb_image": "/cam0/raw"})
    assert option == "--remap"
    assert "/thermal/image:=/front/thermal/image" in rules
    for name in ("scene", "thermal/labels/image", "thermal/depth/image/compressedDepth"):
        assert f"/ground_truth/{name}:=/front/ground_truth/{name}" in rules
    # Absolute names are the same in every namespace.
    assert not any("cam0" in rule for rule in rules)
