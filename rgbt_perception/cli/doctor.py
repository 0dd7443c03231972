"""`rgbt doctor`: what is there and what is missing."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
from pathlib import Path

import click

import rgbt_perception
from rgbt_perception.cli.engine_table import engines_text
from rgbt_perception.cli.remaps import parse_remaps
from rgbt_perception.cli.survey_table import survey_json, survey_lines
from rgbt_perception.config import Config
from rgbt_perception.config_file import load_config
from rgbt_perception.engines.cache.folder import cache_folder
from rgbt_perception.engines.cache.store import PlanStore
from rgbt_perception.engines.choice import model_path, shipped_models
from rgbt_perception.engines.cpu import cores, has_openvino, prefers_openvino
from rgbt_perception.engines.int8_file import int8_file, int8_path
from rgbt_perception.engines.openvino import check_bf16
from rgbt_perception.engines.tensorrt.builder import TensorRtBuilder
from rgbt_perception.errors import RgbtError, UsageError
from rgbt_perception.resources import share

_NEEDED = ("numpy", "opencv-python-headless", "onnxruntime", "rosbags", "PyYAML", "click")
_EXTRAS = {
    "live": ("cyclonedds",),
    "cpu": ("openvino", "numba"),
    "sim": ("mujoco",),
    "train": ("torch", "lightning", "onnx", "onnxscript", "tensorboard", "transformers"),
}
# Distributions that provide the same module as the one needed.
_INSTEAD = {"opencv-python-headless": ("opencv-python", "opencv-contrib-python")}


@click.command(short_help="Tell what is installed and what is missing.")
@click.option("--live", is_flag=True, help="Also look at the topics of a running system.")
@click.option("--domain", type=int, help="With --live: DDS domain; ROS_DOMAIN_ID or 0 by default.")
@click.option(
    "--seconds",
    type=click.FloatRange(0.1, 600.0),
    help="With --live: how long to look; 5 by default.",
)
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    help="With --live: parameter file that perception would use.",
)
@click.option("--namespace", help="With --live: that of the perception node; / by default.")
@click.option(
    "--remap",
    multiple=True,
    metavar="NAME:=NAME",
    help="With --live: another name of a topic, e.g. rgb/image:=/camera/image_raw.",
)
@click.option("--json", "as_json", is_flag=True, help="With --live: only what was seen, as JSON.")
def command(
    live: bool,
    domain: int | None,
    seconds: float | None,
    config_file: Path | None,
    namespace: str | None,
    remap: tuple[str, ...],
    as_json: bool,
) -> int:
    """Tell what is installed: packages, models, data files and ROS.

    With --live also what a bug report needs of a running system: topics with type, quality of
    service, rate, encoding and age of the stamps, the transforms, and what perception lacks to
    start. Ends with exit code 1 when something needed is missing.
    """
    of_live = {
        "--domain": domain,
        "--seconds": seconds,
        "--config": config_file,
        "--namespace": namespace,
        "--remap": remap or None,
        "--json": as_json or None,
    }
    given = [name for name, value in of_live.items() if value is not None]
    if given and not live:
        raise UsageError(f"{given[0]} belongs to --live")
    installed = 0 if as_json else _installed()
    if not live:
        return installed
    config = Config() if config_file is None else load_config(config_file)
    return max(installed, _look(config, domain, seconds or 5.0, namespace or "/", remap, as_json))


def _look(
    config: Config,
    domain: int | None,
    seconds: float,
    namespace: str,
    remap: tuple[str, ...],
    as_json: bool,
) -> int:
    # Only here, so that the rest works without Cyclone DDS.
    from rgbt_perception.live.configuration import network_from_environment
    from rgbt_perception.live.survey import survey

    network = network_from_environment(domain)
    remaps = parse_remaps(remap, namespace)
    found = survey(network, config, seconds, namespace=namespace, remaps=remaps)
    if as_json:
        click.echo(json.dumps(survey_json(found), indent=2))
    else:
        for line in survey_lines(found):
            click.echo(line)
    return 1 if found.readiness.missing else 0


def _installed() -> int:
    click.echo(f"rgbt_perception {rgbt_perception.__version__}, Python {platform.python_version()}")
    missing = [name for name in _NEEDED if not _tell_package(name, "needed")]
    for extra, names in _EXTRAS.items():
        for name in names:
            _tell_package(name, f"extra [{extra}]")
    models = shipped_models()
    for model in models:
        path = model_path(model)
        _tell_model(f"model {model}", path)
        if int8_path(path).is_file():
            _tell_int8(model, path)
    if not models:
        missing.append("model confidence_depth")
        click.echo("model: none is installed")
    for folder in ("msg", "config", "samples"):
        try:
            click.echo(f"{folder}: {share(folder)}")
        except RgbtError as error:
            missing.append(folder)
            click.echo(str(error))
    click.echo(f"GPU: {_gpu()}")
    click.echo(f"CPU: {_cpu()}")
    _tell_engines()
    click.echo(f"ROS 2: {os.environ.get('ROS_DISTRO') or 'not sourced'}")
    if missing:
        click.echo(f"missing: {', '.join(missing)}")
        return 1
    click.echo("everything needed is there")
    return 0


def _tell_model(name: str, path: Path) -> None:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    click.echo(f"{name}: {path.stat().st_size / 1e6:.1f} MB, sha256 {digest}")


def _tell_int8(model: str, plain: Path) -> None:
    """And whether it is one that may be used."""
    try:
        _tell_model(f"model {model} in int8 (for openvino)", int8_file(plain))
    except RgbtError as error:
        click.echo(f"not used: {error}")


def _tell_engines() -> None:
    """Whether networks can be compiled here, and which are."""
    try:
        target = TensorRtBuilder().target()
        click.echo(
            f"{target.runtime}: {target.gpu}, compute capability {target.compute_capability}"
        )
    except RgbtError as error:
        click.echo(f"TensorRT cannot be used, perception runs on the CPU: {error}")
    try:
        folder = cache_folder()
        entries = PlanStore(folder).records()
    except (RgbtError, OSError) as error:
        click.echo(f"compiled networks: {error}")
        return
    size = sum(record.size for record, usable in entries if usable) / 1e6
    click.echo(f"compiled networks: {len(entries)} in {folder}, {size:.1f} MB")
    if entries:
        click.echo(engines_text(entries))


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


def _cpu() -> str:
    """What ``engine.name: auto`` takes there, and whether it has bf16."""
    runtime = "openvino" if prefers_openvino(0) else "onnxruntime"
    found = f"{cores()} cores, engine auto: {runtime}"
    if not has_openvino():
        return found
    try:
        check_bf16()
    except RgbtError as error:
        return f"{found}; {error}"
    return f"{found}; engine.precision bf16 can be had"


def _gpu() -> str:
    names = sorted(path.name for path in Path("/proc/driver/nvidia/gpus").glob("*"))
    return f"{len(names)} NVIDIA" if names else "none found"
