"""`python -m rgbt_perception.evaluation.gpu_check`: what the engines do on this machine's GPU.

For every shipped network: how long TensorRT builds it in fp32 and fp16, how far its results are
from ONNX Runtime's in fp32, latency, throughput and GPU memory, and the latency of what else runs
there.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from rgbt_perception.engines.choice import model_path, shipped_models
from rgbt_perception.engines.tensorrt.cuda import Cuda
from rgbt_perception.engines.tensorrt.versions import load_tensorrt
from rgbt_perception.errors import RgbtError
from rgbt_perception.evaluation.benchmark.resources import machine
from rgbt_perception.evaluation.gpu_measurement import (
    Row,
    handed_over_row,
    other_rows,
    tensorrt_rows,
)
from rgbt_perception.evaluation.table import in_columns

COLUMNS = (
    "model", "engine", "build s", "plan MB", "p50 ms", "p99 ms", "max ms", "per s", "GPU MB",
)  # fmt: skip


@click.command(context_settings={"help_option_names": ["-h", "--help"], "show_default": True})
@click.option("--model", "models", multiple=True, help="Shipped model or ONNX file; all shipped.")
@click.option("--seconds", type=click.FloatRange(0.01, 60.0), default=3.0, help="For each timing.")
@click.option("--compiled/--no-compiled", default=True, help="torch.compile, which takes minutes.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("out/gpu-check"))
def command(models: tuple[str, ...], seconds: float, compiled: bool, out: Path) -> int:
    """Build, compare and time every network on this machine's GPU.

    Prints a table and writes gpu_check.json to --out. Exit code 1 without a GPU, or when a result
    of TensorRT is too far from fp32.
    """
    gpu = gpu_name()
    began = time.perf_counter()
    try:
        tensorrt = f"tensorrt {load_tensorrt().__version__}"
        Cuda()
        missing = ""
    except RgbtError as error:
        tensorrt, missing = "", str(error)
    click.echo(f"{gpu}; {machine()}")
    if missing:
        click.echo(f"TensorRT is not measured: {missing}")
    rows: list[Row] = []
    paths = [model_path(model) for model in models or shipped_models()]
    for path in paths:
        click.echo(f"measuring {path.stem} …", err=True)
        if not missing:
            rows += tensorrt_rows(path, seconds)
        rows += other_rows(path, seconds, compiled)
    if not missing:
        rows += handed_over_row(paths, seconds)
    result: dict[str, Any] = {
        "gpu": gpu,
        "machine": machine(),
        "tensorrt": tensorrt or missing,
        "seconds": round(time.perf_counter() - began, 1),
        "rows": [asdict(row) for row in rows],
    }
    click.echo(table(rows))
    for row in rows:
        if row.problem:
            click.echo(f"{row.model}, {row.engine}: {row.problem}")
    out.mkdir(parents=True, exist_ok=True)
    file = out / "gpu_check.json"
    file.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    click.echo(f"{file}, {result['seconds']:.0f} s")
    wrong = [row for row in rows if row.problem and row.engine.startswith("tensorrt")]
    return 1 if wrong else 0


def gpu_name() -> str:
    """Of the GPU that is measured.

    Raises:
        RgbtError: there is none that anything here can use.
    """
    try:
        return Cuda().gpu
    except RgbtError as error:
        if importlib.util.find_spec("torch") is not None:
            import torch

            if torch.cuda.is_available():
                return str(torch.cuda.get_device_name())
        raise RgbtError(f"nothing to measure: {error}") from None


def table(rows: Sequence[Row]) -> str:
    """The rows that ran, for a terminal."""
    lines: list[Sequence[str]] = [COLUMNS]
    for row in rows:
        if row.timing is None:
            continue
        timing = row.timing
        optional = (row.build_s, row.plan_mb, timing.p50_ms, timing.p99_ms, timing.max_ms)
        cells = ["" if value is None else f"{value:g}" for value in (*optional, timing.per_s)]
        memory = "" if row.gpu_mb is None else f"{row.gpu_mb:g}"
        lines.append((row.model, row.engine, *cells, memory))
    return in_columns(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; an error is one line."""
    try:
        return int(command.main(arguments, standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except RgbtError as error:
        click.echo(f"gpu-check: {error}", err=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())
