"""`rgbt doctor`: what is there and what is missing."""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import platform
from pathlib import Path

import click

import rgbt_perception
from rgbt_perception.engines.choice import model_path, shipped_models
from rgbt_perception.errors import RgbtError
from rgbt_perception.resources import share

_NEEDED = ("numpy", "opencv-python-headless", "onnxruntime", "rosbags", "PyYAML", "click")
_EXTRAS = {
    "sim": ("mujoco",),
    "train": ("torch", "lightning", "onnx", "onnxscript"),
}
# Distributions that provide the same module as the one needed.
_INSTEAD = {"opencv-python-headless": ("opencv-python", "opencv-contrib-python")}


@click.command(short_help="Tell what is installed and what is missing.")
def command() -> int:
    """Tell what is installed: packages, models, data files and ROS.

    Ends with exit code 1 when something needed is missing.
    """
    click.echo(f"rgbt_perception {rgbt_perception.__version__}, Python {platform.python_version()}")
    missing = [name for name in _NEEDED if not _tell_package(name, "needed")]
    for extra, names in _EXTRAS.items():
        for name in names:
            _tell_package(name, f"extra [{extra}]")
    models = shipped_models()
    for model in models:
        path = model_path(model)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        click.echo(f"model {model}: {path.stat().st_size / 1e6:.1f} MB, sha256 {digest}")
    if not models:
        missing.append("model confidence_depth")
        click.echo("model: none is installed")
    for folder in ("msg", "config", "samples"):
        try:
            click.echo(f"{folder}: {share(folder)}")
        except RgbtError as error:
            missing.append(folder)
            click.echo(str(error))
    click.echo(f"GPU: {_gpu()}; this version runs on the CPU (onnxruntime)")
    click.echo(f"ROS 2: {os.environ.get('ROS_DISTRO') or 'not sourced'}")
    if missing:
        click.echo(f"missing: {', '.join(missing)}")
        return 1
    click.echo("everything needed is there")
    return 0


def _tell_package(name: str, why: str) -> bool:
    for candidate in (name, *_INSTEAD.get(name, ())):
        try:
            version = importlib.metadata.version(candidate)
        except importlib.metadata.PackageNotFoundError:
            continue
        click.echo(f"{candidate} {version} ({why})")
        return True
    click.echo(f"{name}: not installed ({why})")
    return False


def _gpu() -> str:
    names = sorted(path.name for path in Path("/proc/driver/nvidia/gpus").glob("*"))
    return f"{len(names)} NVIDIA" if names else "none found"
