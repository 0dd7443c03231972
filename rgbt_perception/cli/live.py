"""`rgbt live`: perception on a ROS 2 graph, without ROS."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import click

from rgbt_perception.cli.remaps import parse_remaps
from rgbt_perception.cli.status_line import StatusLine, summary
from rgbt_perception.config import (
    NO_SCENE_MODEL,
    Config,
    EngineName,
    with_values,
)
from rgbt_perception.config_file import load_config
from rgbt_perception.errors import RgbtError, UsageError
from rgbt_perception.hosting.freed_memory import keep_freed_memory
from rgbt_perception.hosting.interfaces import check_remaps, resolve
from rgbt_perception.hosting.loading import Loading, load_pipeline, still_loading
from rgbt_perception.live.config_watch import ConfigWatch
from rgbt_perception.live.configuration import network_from_environment
from rgbt_perception.live.host import LiveHost, Place
from rgbt_perception.live.loading_notice import LoadingNotice
from rgbt_perception.live.overview import overview
from rgbt_perception.live.view.server import DEFAULT_PORT, ViewServer
from rgbt_perception.pipeline import DepthPipeline
from rgbt_perception.recording.interrupt import uninterrupted

_TICK_S = 0.1


@click.command(short_help="Run on live topics, without ROS installed.")
@click.option("--domain", type=int, help="DDS domain; ROS_DOMAIN_ID or 0 by default.")
@click.option("--config", "config_file", type=click.Path(path_type=Path), help="Parameter file.")
@click.option("--watch", is_flag=True, help="Read the parameter file again when it is written.")
@click.option("--namespace", default="/", help="Namespace of the node, e.g. /front.")
@click.option(
    "--remap",
    multiple=True,
    metavar="NAME:=NAME",
    help="Another name of a topic, e.g. rgb/image:=/camera/image_raw.",
)
@click.option("--engine", type=click.Choice([e.value for e in EngineName]), help="Runtime.")
@click.option("--depth-model", help="Shipped model or ONNX file.")
@click.option("--scene-model", help="Likewise, of the fused picture and the labels.")
@click.option("--rig", help="Rig file, instead of camera_info and tf_static.")
@click.option("--view", is_flag=True, help="Show it on a web page for browsers on this machine.")
@click.option("--port", type=click.IntRange(0, 65535), help=f"Of --view; {DEFAULT_PORT}, 0 = any.")
@click.option(
    "--seconds", type=click.FloatRange(0, min_open=True), help="End after running this long."
)
def command(
    domain: int | None,
    config_file: Path | None,
    watch: bool,
    namespace: str,
    remap: tuple[str, ...],
    engine: str | None,
    depth_model: str | None,
    scene_model: str | None,
    rig: str | None,
    view: bool,
    port: int | None,
    seconds: float | None,
) -> None:
    """Join a ROS 2 graph over DDS as the node `perception` and run until Ctrl-C.

    Subscribes to rgb/image, rgb/camera_info, thermal/image, thermal/camera_info (pictures raw or
    compressed) and /tf_static; publishes below perception/ what is subscribed to. Parameters come
    from the file; while it runs, `ros2 param` changes them, or the file itself with --watch.
    """
    if port is not None and not view:
        raise UsageError("--port: expected together with --view")
    if watch and config_file is None:
        raise UsageError("--watch: expected together with --config")
    given = {
        "engine.name": engine,
        "engine.depth_model": depth_model,
        "scene.model": scene_model,
        "rig": rig,
    }
    given = {name: value for name, value in given.items() if value is not None}

    def read() -> Config:
        return with_values(Config() if config_file is None else load_config(config_file), given)

    keep_freed_memory()
    config = read()
    place = Place(
        network_from_environment(domain),
        _namespace(namespace),
        parse_remaps(remap, _namespace(namespace)),
    )
    check_remaps(place.remaps, place.namespace, scene=config.scene.model != NO_SCENE_MODEL)
    try:
        with ExitStack() as stack:
            host = stack.enter_context(LiveHost(config, place, _load(config, place)))
            if view:
                _serve(stack, host, DEFAULT_PORT if port is None else port)
            watched = None
            if watch and config_file is not None:
                watched = ConfigWatch(config_file, read, host.parameters.change)
            _run(host, seconds, watched)
    except KeyboardInterrupt:
        click.echo("ended before anything was received")
        if still_loading():
            # A runtime cannot be stopped in the middle of loading, and the end would wait for it.
            sys.stdout.flush()
            os._exit(0)


def _load(config: Config, place: Place) -> DepthPipeline:
    with LoadingNotice(place.network, place.namespace) as notice:

        def tell(loading: Loading) -> None:
            _tell_loading(loading)
            # A domain that cannot be joined is told by the host, which joins it later.
            with suppress(RgbtError):
                notice(loading.finding())

        return load_pipeline(config, lambda: True, tell)


def _tell_loading(loading: Loading) -> None:
    click.echo(loading.finding().message, err=True)


def _serve(stack: ExitStack, host: LiveHost, port: int) -> None:
    server = ViewServer(host.gallery, lambda: overview(host), port)
    stack.callback(server.stop)
    server.start()
    click.echo(f"view: {server.url}", err=True)


def _run(host: LiveHost, seconds: float | None, watched: ConfigWatch | None) -> None:
    """Tell how it goes until the end or Ctrl-C, then what came out."""
    domain = host.node.network.domain
    click.echo(f"{host.name} on DDS domain {domain}; Ctrl-C ends it", err=True)
    end = None if seconds is None else time.monotonic() + seconds
    with suppress(KeyboardInterrupt), _logged(StatusLine()) as line:
        while end is None or time.monotonic() < end:
            host.tick()
            if watched is not None:
                watched.look()
            mode = host.mode()
            if line.due(mode):
                line.show(mode, overview(host))
            time.sleep(_TICK_S)
    with uninterrupted():
        state = overview(host)
        host.close()
    click.echo(summary(state))


@contextmanager
def _logged(line: StatusLine) -> Iterator[StatusLine]:
    """What is logged inside the block goes above the status line."""
    root = logging.getLogger()
    before = root.handlers[:]
    line.setFormatter(before[0].formatter if before else None)
    root.handlers[:] = [line]
    try:
        yield line
    finally:
        root.handlers[:] = before
        line.end()


def _namespace(word: str) -> str:
    if word.strip("/") == "":
        return "/"
    return resolve(f"/{word.strip('/')}")
