"""From a parameter file to a configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from rgbt_perception.config import Config, with_values
from rgbt_perception.errors import InputError


def load_config(path: Path) -> Config:
    """Read a ROS parameter file (``/**: ros__parameters:``) or a plain mapping.

    Paths in it are relative to its own folder. A model is a path when it names a folder or ends in
    ``.onnx``, else the name of a shipped one.

    Raises:
        InputError: missing file, not YAML, unknown parameter or bad value.
    """
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"config {path}: {error.strerror}") from None
    # PyYAML lets other errors through: an impossible date, a number of 5000 digits, deep nesting.
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"config {path}: not YAML ({reason})") from None
    if tree is None:
        return Config()
    if not isinstance(tree, Mapping):
        raise InputError(f"config {path}: expected a mapping of parameters")
    values: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping) and "ros__parameters" in value:
            inner = value["ros__parameters"] or {}
            if not isinstance(inner, Mapping):
                raise InputError(f"config {path}: expected a mapping below ros__parameters")
            values.update(_flat(inner))
        elif isinstance(value, Mapping):
            values.update(_flat(value, f"{key}."))
        else:
            values[str(key)] = value
    config = with_values(Config(), values)
    if config.rig:
        config = replace(config, rig=str(path.parent / config.rig))
    cache = config.engine.cache
    is_relative = bool(cache) and not cache.startswith("~")
    engine = replace(
        config.engine,
        depth_model=_model(path, config.engine.depth_model),
        cache=str(path.parent / cache) if is_relative else cache,
    )
    scene = replace(config.scene, model=_model(path, config.scene.model))
    return replace(config, engine=engine, scene=scene)


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        # No parameter lies deeper; an alias of YAML may even hold itself.
        if isinstance(value, Mapping) and prefix.count(".") < 2:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _model(path: Path, model: str) -> str:
    """A model's name as it is, its path as seen from the working folder."""
    is_path = Path(model).name != model or model.endswith(".onnx")
    return str(path.parent / model) if model and is_path else model
