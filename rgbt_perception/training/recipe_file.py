"""Reads a recipe file: every key, type and range is checked, and so are the seeds."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import yaml

from rgbt_perception.errors import InputError
from rgbt_perception.training.recipe import RecipeConfig, RecordingsConfig, Size
from rgbt_perception.training.scene_recipe import SceneRecipe

_MAGNITUDES = (
    "rotation_deg",
    "translation_m",
    "miscalibration_factor",
    "way_m",
    "warp_error_px",
)
"""Of the augmentation; everything else there is a probability."""

Recipe = RecipeConfig | SceneRecipe
"""Of any system; a file without the key ``system`` is one of the depth network."""

_SYSTEMS: dict[str, type[Recipe]] = {"confidence_depth": RecipeConfig, "scene": SceneRecipe}

VALIDATION_SEEDS = range(800_000, 810_000)
CHECK_SEEDS_FROM = 900_000
"""Simulation seeds from here on are for final checks; nothing may be trained or tuned on them."""


def load_recipe(path: Path) -> Recipe:
    """Read a recipe file.

    Raises:
        InputError: missing file, not YAML, unknown or missing key, bad value.
    """
    return recipe_from_yaml(_text(path), str(path))


def recipe_digest(path: Path) -> str:
    """SHA-256 of a recipe file, hexadecimal."""
    return hashlib.sha256(_text(path).encode()).hexdigest()


def recipe_from_yaml(text: str, name: str) -> Recipe:
    """Parse a recipe's text.

    Args:
        text: YAML.
        name: what to call it in errors.

    Raises:
        InputError: the line names the key and what was expected.
    """
    try:
        tree = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise InputError(f"recipe {name}: not YAML ({' '.join(str(error).split())})") from None
    kind: type[Recipe] = RecipeConfig
    if isinstance(tree, Mapping) and "system" in tree:
        system = tree["system"]
        if system not in _SYSTEMS:
            raise InputError(
                f"recipe {name}: system = {system!r}: expected one of {', '.join(_SYSTEMS)}"
            )
        kind = _SYSTEMS[system]
        if kind is RecipeConfig:
            tree = {key: value for key, value in tree.items() if key != "system"}
    recipe: Recipe = _build(kind, tree, f"recipe {name}:", "")
    _check(recipe, f"recipe {name}:")
    return recipe


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"recipe {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"recipe {path}: not a text file") from None


def _build(kind: type, tree: Any, name: str, prefix: str) -> Any:
    """A dataclass from a mapping, every key and type checked."""
    if not isinstance(tree, Mapping):
        raise InputError(f"{name} {prefix.rstrip('.') or 'content'}: expected a mapping")
    hints = get_type_hints(kind)
    unknown = [str(key) for key in tree if key not in hints]
    if unknown:
        raise InputError(f"{name} {prefix}{unknown[0]}: unknown; known are {', '.join(hints)}")
    required = [item.name for item in fields(kind) if _is_required(item)]
    missing = [key for key in required if key not in tree]
    if missing:
        raise InputError(f"{name} {prefix}{missing[0]}: missing")
    return kind(
        **{
            str(key): _value(hints[str(key)], value, name, f"{prefix}{key}")
            for key, value in tree.items()
        }
    )


def _is_required(item: Field[Any]) -> bool:
    return item.default is MISSING and item.default_factory is MISSING


def _value(kind: Any, value: Any, name: str, key: str) -> Any:
    if is_dataclass(kind):
        assert isinstance(kind, type)
        return _build(kind, value, name, f"{key}.")
    if kind == Size:
        return _size(value, name, key)
    if get_origin(kind) is tuple:
        if not isinstance(value, list) or not value:
            raise InputError(f"{name} {key} = {value!r}: expected a list")
        return tuple(_value(get_args(kind)[0], item, name, key) for item in value)
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            known = ", ".join(choice or "''" for choice in get_args(kind))
            raise InputError(f"{name} {key} = {value!r}: expected one of {known}")
        return value
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise InputError(f"{name} {key} = {value!r}: expected {kind.__name__}")
    return value


def _size(value: Any, name: str, key: str) -> Size:
    width, _, height = str(value).partition("x")
    if not (width.isdecimal() and height.isdecimal()):
        raise InputError(f"{name} {key} = {value!r}: expected WIDTHxHEIGHT, such as 320x256")
    return int(width), int(height)


def _check(recipe: Recipe, name: str) -> None:
    data, schedule = recipe.data, recipe.schedule
    step = 32 if isinstance(recipe, SceneRecipe) else 64
    real = isinstance(recipe, RecipeConfig) and bool(recipe.data.ms2.folder)
    for key, value in (("width", recipe.width), ("height", recipe.height)):
        if value < 64 or value % step:
            raise InputError(f"{name} {key} = {value}: expected a multiple of {step}, at least 64")
    positive = {
        "schedule.steps": schedule.steps,
        "schedule.batch": schedule.batch,
        "schedule.learning_rate": schedule.learning_rate,
        "schedule.validate_every": schedule.validate_every,
        "schedule.checkpoint_minutes": schedule.checkpoint_minutes,
        "data.processes": data.processes,
        "data.width": data.width,
        "data.height": data.height,
        **_lengths("data.train", data.train, real),
        **_lengths("data.validation", data.validation, real),
        **_special(recipe),
    }
    for key, number in positive.items():
        if not number > 0:
            raise InputError(f"{name} {key} = {number}: expected more than 0")
    for item in fields(recipe.augmentation):
        number = getattr(recipe.augmentation, item.name)
        if item.name in _MAGNITUDES:
            if not number >= 0:
                raise InputError(f"{name} augmentation.{item.name} = {number}: expected 0 or more")
        elif not 0 <= number <= 1:
            raise InputError(f"{name} augmentation.{item.name} = {number}: expected 0 to 1")
    if isinstance(recipe, SceneRecipe):
        _check_shares(recipe, name)
    if recipe.network.backbone_weights and not recipe.network.backbone:
        raise InputError(
            f"{name} network.backbone_weights = {recipe.network.backbone_weights!r}: expected "
            "network.backbone beside it, the encoder that they belong to"
        )
    last = data.train.first_seed + max(data.train.count, 1) - 1
    if data.train.first_seed < 0 or last >= VALIDATION_SEEDS.start:
        raise InputError(
            f"{name} data.train uses seeds {data.train.first_seed} to {last}: expected 0 to "
            f"{VALIDATION_SEEDS.start - 1} (from {CHECK_SEEDS_FROM} on they are for final checks)"
        )
    last = data.validation.first_seed + max(data.validation.count, 1) - 1
    if data.validation.first_seed not in VALIDATION_SEEDS or last not in VALIDATION_SEEDS:
        raise InputError(
            f"{name} data.validation uses seeds {data.validation.first_seed} to {last}: expected "
            f"{VALIDATION_SEEDS.start} to {VALIDATION_SEEDS.stop - 1}"
        )


def _special(recipe: Recipe) -> dict[str, float]:
    """Numbers that one system alone has and that must be positive."""
    if isinstance(recipe, SceneRecipe):
        return {"schedule.rounds": recipe.schedule.rounds}
    ms2 = recipe.data.ms2
    return {"data.ms2.every": ms2.every, "data.ms2.validation_every": ms2.validation_every}


def _check_shares(recipe: SceneRecipe, name: str) -> None:
    shares = {
        "schedule.fusion_share": recipe.schedule.fusion_share,
        "schedule.joint_share": recipe.schedule.joint_share,
        "data.real_share": recipe.data.real_share,
    }
    for key, share in shares.items():
        if not 0 <= share <= 1:
            raise InputError(f"{name} {key} = {share}: expected 0 to 1")
    if recipe.data.real_share > 0 and not recipe.data.real:
        raise InputError(
            f"{name} data.real_share = {recipe.data.real_share}: expected folders in data.real "
            "beside it"
        )
    for item in fields(recipe.loss):
        weight = getattr(recipe.loss, item.name)
        if isinstance(weight, float) and not weight >= 0:
            raise InputError(f"{name} loss.{item.name} = {weight}: expected 0 or more")


def _lengths(key: str, group: RecordingsConfig, may_be_empty: bool) -> dict[str, float]:
    if may_be_empty and group.count == 0:
        return {}
    return {
        f"{key}.count": group.count,
        f"{key}.seconds": group.seconds,
        f"{key}.rate": group.rate,
    }
