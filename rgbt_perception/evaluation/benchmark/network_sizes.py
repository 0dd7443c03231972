"""Our networks at another size than that of their files, which an exported network has fixed."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

from rgbt_perception.config import NO_SCENE_MODEL, EngineConfig, EngineName
from rgbt_perception.engines.choice import make_engine, model_path
from rgbt_perception.errors import RgbtError
from rgbt_perception.evaluation.benchmark.contestant import Contestant

NEEDED = ("torch", "onnx", "onnxscript")


def at_size(
    contestant: Contestant, size: tuple[int, int], folder: Path
) -> tuple[Contestant, dict[str, str]]:
    """The contestant with networks of another size, exported anew where that is needed.

    Args:
        contestant: one of ours.
        size: width and height, pixels.
        folder: for the exported files.

    Returns:
        The contestant, and by model where the weights come from if not from its file.

    Raises:
        RgbtError: the extra [train] is missing.
        UsageError: no network has this size.
    """
    engine = contestant.engine
    if engine.name is EngineName.CONSTANT:
        return replace(contestant, network=size), {}
    if size == file_size(engine.depth_model):
        return replace(contestant, network=size), {}
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise RgbtError(
            f"network size {size[0]}x{size[1]}: {missing[0]} is not installed, and only the size "
            "of the model's file runs without; expected pip install 'rgbt_perception[train]'"
        )
    from rgbt_perception.evaluation.benchmark.torch_networks import export_size

    name = f"{size[0]}x{size[1]}.onnx"
    notes = {}
    depth, scene = folder / f"depth_{name}", contestant.scene_model
    notes["depth"] = export_size(engine.depth_model, False, depth, size)
    if scene != NO_SCENE_MODEL:
        path = folder / f"scene_{name}"
        notes["scene"] = export_size(scene, True, path, size)
        scene = str(path)
    sized = replace(
        contestant,
        engine=replace(engine, depth_model=str(depth)),
        scene_model=scene,
        network=size,
    )
    return sized, {model: note for model, note in notes.items() if note}


def by_file(contestant: Contestant) -> Contestant:
    """The contestant with its networks named by their files, which have no other form.

    Times over sizes are compared in one precision: exported networks have no form in int8.
    """
    engine, scene = contestant.engine, contestant.scene_model
    if engine.name is EngineName.CONSTANT:
        return contestant
    return replace(
        contestant,
        engine=replace(engine, depth_model=str(model_path(engine.depth_model))),
        scene_model=scene if scene == NO_SCENE_MODEL else str(model_path(scene)),
    )


def file_size(depth_model: str) -> tuple[int, int]:
    """Width and height of a depth model in its file, pixels."""
    engine = make_engine(EngineConfig(EngineName.ONNXRUNTIME, threads=1, depth_model=depth_model))
    _, _, height, width = engine.inputs["rgb"]
    return width, height
