"""`rgbt engine`: engines compiled ahead of time."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import click

from rgbt_perception.cli.engine_table import engines_json, engines_text
from rgbt_perception.cli.progress import progress
from rgbt_perception.engines.cache.build_lock import BuildLock
from rgbt_perception.engines.cache.cached_engine import cached_engine
from rgbt_perception.engines.cache.folder import cache_folder
from rgbt_perception.engines.cache.record import PlanRecord
from rgbt_perception.engines.cache.store import WRITING, PlanStore
from rgbt_perception.engines.choice import model_path
from rgbt_perception.engines.int8_file import int8_file
from rgbt_perception.engines.plan_builder import Precision
from rgbt_perception.engines.precision import is_quantized
from rgbt_perception.engines.tensorrt.compiler import tensorrt_compiler

_POLL_S = 0.1
_STEPS = 100

_cache = click.option(
    "--cache", default="", help="Folder; the parameter engine.cache names it for perception."
)
_json = click.option("--json", "as_json", is_flag=True, help="JSON instead of text.")


@click.group(short_help="Compile networks for this GPU ahead of time.", invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> int:
    """Compiled networks (TensorRT): build them ahead of time, list and remove them.

    Perception builds by itself what is missing, which takes minutes at its first start.
    """
    if ctx.invoked_subcommand is not None:
        return 0
    click.echo(ctx.get_help(), err=True)
    return 2


@command.command(short_help="Compile a network.")
@click.argument("model")
@click.option(
    "--precision",
    type=click.Choice([precision.value for precision in Precision]),
    default=Precision.FP16.value,
    show_default=True,
)
@_cache
@_json
def build(model: str, precision: str, cache: str, as_json: bool) -> None:
    """Compile MODEL, a shipped model's name or an ONNX file, for this machine's GPU.

    Its results are compared with fp32 on stored pictures; an engine that differs too much is
    refused. Nothing is done when it is there already. int8 is compiled from the model's form in
    int8, NAME.int8.onnx beside it.
    """
    path, folder = model_path(model), cache_folder(cache)
    arithmetic = Precision(precision)
    if arithmetic is Precision.INT8 and not is_quantized(path.read_bytes()):
        path = int8_file(path)
    compiler = tensorrt_compiler(path, arithmetic)
    faults: list[BaseException] = []

    def work() -> None:
        try:
            with progress(f"engine {path.stem} ({precision})") as show:
                told = ""

                def tell(what: str, share: float) -> None:
                    nonlocal told
                    # That it begins, and for whom it waits.
                    if share == 0 and what != told:
                        click.echo(what, err=True)
                        told = what
                    show(round(share * _STEPS), _STEPS)

                cached_engine(path, arithmetic, compiler, folder, tell, asked=True)
        except BaseException as fault:
            faults.append(fault)

    _in_background(work)
    if faults:
        raise faults[0]
    digest, target = _digest(path), compiler.builder.target()
    entries = [
        (record, usable)
        for record, usable in PlanStore(folder).records()
        if record.key.onnx_sha256 == digest
        and record.key.precision is arithmetic
        and record.key.target == target
    ]
    _tell(entries, folder, as_json)


@command.command("list", short_help="Show what is there.")
@_cache
@_json
def list_(cache: str, as_json: bool) -> None:
    """List the engines, with GPU, size, date, time to build, and difference from fp32."""
    folder = cache_folder(cache)
    _tell(PlanStore(folder).records(), folder, as_json)


@command.command(short_help="Remove engines.")
@click.argument("model", required=False)
@_cache
@_json
def clear(model: str | None, cache: str, as_json: bool) -> None:
    """Remove the engines of MODEL, or all; processes that use one are not disturbed."""
    folder = cache_folder(cache)
    store = PlanStore(folder)
    digest = _digest(Path(model)) if model is not None and Path(model).is_file() else ""
    if model is not None and not digest:
        known = {record.model for record, _ in store.records()}
        if model not in known:
            model_path(model)  # a model without engines is no mistake, another word is

    def chosen(record: PlanRecord) -> bool:
        return model is None or record.model == model or record.key.onnx_sha256 == digest

    removed = store.clear(chosen)
    _sweep(store)
    if as_json:
        click.echo(json.dumps({"folder": str(folder), "removed": engines_json(_all(removed))}))
        return
    size = sum(record.size for record in removed) / 1e6
    click.echo(f"{folder}: {len(removed)} removed, {size:.1f} MB")


def _tell(entries: list[tuple[PlanRecord, bool]], folder: Path, as_json: bool) -> None:
    if as_json:
        found = {"folder": str(folder), "engines": engines_json(entries)}
        click.echo(json.dumps(found, indent=2))
    elif entries:
        click.echo(f"{folder}:")
        click.echo(engines_text(entries))
    else:
        click.echo(f"{folder}: no engines")


def _all(records: list[PlanRecord]) -> list[tuple[PlanRecord, bool]]:
    return [(record, False) for record in records]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _sweep(store: PlanStore) -> None:
    """Remove what killed builds left, unless one is at work."""
    lock = BuildLock(store.folder, "clearing", lambda line: None)
    if store.folder.is_dir() and lock.take():
        store.sweep()
        lock.release()


def _in_background(work: Callable[[], None]) -> None:
    """Do the work in a thread: a runtime that compiles lets no signal through for minutes."""
    thread = threading.Thread(target=work, name="build", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(_POLL_S)
    except KeyboardInterrupt:
        # The compiler cannot be stopped in the middle, and the end would wait for it.
        with WRITING:
            click.echo("rgbt: interrupted; an engine that was not finished is not kept", err=True)
            sys.stdout.flush()
            os._exit(1)
