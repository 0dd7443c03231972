"""A process that needs an engine: ``python engine_cache_user.py MODEL FOLDER JOURNAL SECONDS``.

Writes ``started`` when everything is imported, waits for a line of input, then tells what it is
told, and at last ``done`` and the seconds it took.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from pathlib import Path

from fake_compiler import FakeBuilder, make_compiler

from rgbt_perception.engines.cache.cached_engine import cached_engine
from rgbt_perception.engines.plan_builder import Precision


def start(model: Path, folder: Path, journal: Path, seconds: float) -> subprocess.Popen[str]:
    """Start such a process; it has imported everything when this returns."""
    words = [sys.executable, __file__, str(model), str(folder), str(journal), str(seconds)]
    process = subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    return process


def go(process: subprocess.Popen[str]) -> None:
    """Let it begin."""
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def main() -> None:
    model, folder, journal, seconds = sys.argv[1:]
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    builder = FakeBuilder(Path(journal))
    builder.seconds = float(seconds)
    # Large enough for a kill to hit the writing of it.
    builder.size = 20_000_000
    print("started", flush=True)
    sys.stdin.readline()
    began = time.monotonic()
    cached_engine(
        Path(model),
        Precision.FP16,
        make_compiler(builder),
        Path(folder),
        lambda what, share: print(f"told {what} {share:.2f}", flush=True),
    )
    print(f"done {time.monotonic() - began:.2f}", flush=True)


if __name__ == "__main__":
    main()
