"""Brings together what a recipe learns from: renders, imports and converts what is missing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from rgbt_perception.engines.choice import model_path
from rgbt_perception.engines.onnxruntime import OnnxRuntimeEngine
from rgbt_perception.errors import InputError, RgbtError
from rgbt_perception.recording.ms2_splits import TRAIN, VALIDATION
from rgbt_perception.training.aligned_folder import aligned_folders
from rgbt_perception.training.ms2_recordings import import_missing
from rgbt_perception.training.pair_cache import CachedRecording, cache_recording, open_cached
from rgbt_perception.training.recipe import RecipeConfig, RecordingsConfig, SimulatedDataConfig
from rgbt_perception.training.recipe_file import Recipe
from rgbt_perception.training.recordings import recording_specs, render_missing
from rgbt_perception.training.scene_cache import CachedScenes, cache_scenes, open_scenes
from rgbt_perception.training.scene_pair import SceneSource
from rgbt_perception.training.scene_recipe import SceneDataConfig, SceneRecipe
from rgbt_perception.training.systems import Sources

Show = Callable[[str], AbstractContextManager[Callable[[int, int], None]]]
"""Progress of a named piece of work: a function that takes the steps done and the steps in all."""


def gather(
    recipe: Recipe, folder: Path, show: Show, tell: Callable[[str], None]
) -> tuple[Sources, Sources]:
    """Training and validation data of a recipe.

    Args:
        recipe: what is needed.
        folder: where recordings are kept.
        show: progress.
        tell: told what was left out.

    Raises:
        InputError: something that is to be there is not.
        RgbtError: the depth model of a scene recipe cannot be loaded.
        ModuleNotFoundError: the simulator is needed and not installed.
    """
    if isinstance(recipe, SceneRecipe):
        return _scenes(recipe, folder, show)
    return gather_recordings(recipe, folder, show, tell)


def gather_recordings(
    recipe: RecipeConfig, folder: Path, show: Show, tell: Callable[[str], None]
) -> tuple[list[CachedRecording], list[CachedRecording]]:
    """Training and validation data of the depth network; see ``gather``."""
    data = recipe.data

    def group(config: RecordingsConfig, split: str, every: int) -> list[CachedRecording]:
        paths = _rendered(data, config, folder, show)
        if data.ms2.folder:
            with show(f"import MS2 {split}") as progress:
                paths += import_missing(data.ms2, split, every, folder, progress, tell)
        opened = []
        with show("convert") as progress:
            for index, path in enumerate(paths):
                opened.append(open_cached(cache_recording(path, data.width, data.height)))
                progress(index + 1, len(paths))
        return opened

    ms2 = data.ms2
    return (
        group(data.train, TRAIN, ms2.every),
        group(data.validation, VALIDATION, ms2.validation_every),
    )


def _scenes(recipe: SceneRecipe, folder: Path, show: Show) -> tuple[Sources, Sources]:
    data = recipe.data
    engine = _depth_engine(data)

    def group(config: RecordingsConfig) -> list[CachedScenes]:
        paths = _rendered(data, config, folder, show)
        opened = []
        with show("align") as progress:
            for index, path in enumerate(paths):
                opened.append(open_scenes(cache_scenes(path, engine)))
                progress(index + 1, len(paths))
        return opened

    real = [
        source
        for place in data.real
        for source in aligned_folders(Path(place), data.width, data.height)
    ]
    training: list[SceneSource] = [*group(data.train), *real]
    return training, group(data.validation)


def _depth_engine(data: SceneDataConfig) -> OnnxRuntimeEngine:
    try:
        engine = OnnxRuntimeEngine(model_path(data.depth_model))
    except RgbtError as error:
        raise InputError(f"data.depth_model: {error}") from None
    height, width = engine.inputs["rgb"][2:]
    if (width, height) != (data.width, data.height):
        raise InputError(
            f"data.depth_model {data.depth_model}: works at {width}x{height}, expected the size "
            f"of data.width and data.height, {data.width}x{data.height}"
        )
    return engine


def _rendered(
    data: SimulatedDataConfig, group: RecordingsConfig, folder: Path, show: Show
) -> list[Path]:
    with show("simulate") as progress:
        return render_missing(list(recording_specs(data, group)), folder, data.processes, progress)
