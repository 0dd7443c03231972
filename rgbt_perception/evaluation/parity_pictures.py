"""Makes ``engines/cache/parity_inputs.npz``: what the networks get when recordings are replayed.

``python -m rgbt_perception.evaluation.parity_pictures DAY.mcap OUT.npz``, the day being
``rgbt simulate --scene street --light day --weather clear --seed 700611 --seconds 1 --rate 5
--rgb-size 640x480 --thermal-size 320x256 --out DAY.mcap``.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import click
import numpy as np

from rgbt_perception.cli.standalone import run_alone
from rgbt_perception.config import Config
from rgbt_perception.engines.cache.parity_inputs import encoded
from rgbt_perception.engines.choice import make_engine
from rgbt_perception.engines.constant import ConstantSceneEngine
from rgbt_perception.errors import InputError, RgbtError, UsageError
from rgbt_perception.evaluation.listening import ListeningEngine, input_streams
from rgbt_perception.frames import Mode
from rgbt_perception.pipeline import DepthPipeline
from rgbt_perception.recording.reader import RecordingReader
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.resources import share
from rgbt_perception.session import Session

# Which results of the recording at night are stored: two pairs, and the first without a camera.
_PAIRS = (4, 22)
_DAY_PAIR = 2


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("day", type=click.Path(path_type=Path, exists=True))
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
def command(day: Path, out: Path) -> None:
    """Write OUT.npz from the sample and the recording DAY."""
    if out.suffix != ".npz":
        raise UsageError(f"OUT {out}: expected a name that ends in .npz")
    if not out.absolute().parent.is_dir():
        raise RgbtError(f"{out}: no such folder {out.absolute().parent}")
    stored: dict[str, Any] = {}
    moments = [
        *_moments(
            share("samples") / "night_smoke.mcap", _PAIRS, (Mode.RGB_ONLY, Mode.THERMAL_ONLY)
        ),
        *_moments(day, (_DAY_PAIR,), ()),
    ]
    for number, networks in enumerate(moments):
        for network, inputs in networks.items():
            for name, values in inputs.items():
                stored[f"{network}/{number}/{name}"] = encoded(values)
    np.savez_compressed(out, **stored)


def _moments(
    bag: Path, pairs: Collection[int], modes: Collection[Mode]
) -> list[dict[str, dict[str, Any]]]:
    """The networks' inputs for these results, and for the first in each of these modes.

    Raises:
        InputError: the recording has fewer results, or none in one of these modes.
    """
    config = Config()
    depth = ListeningEngine(make_engine(config.engine))
    scene = ListeningEngine(ConstantSceneEngine())
    topics = frozenset({"depth/image", "fused/image", "semantic/image", "points"})
    session = Session(
        config,
        DepthPipeline(config.output, depth, scene),
        RosbagsFactory(),
        select=lambda index: topics,
    )
    found, seen, wanted = [], 0, set(modes)
    with RecordingReader(bag) as reader:
        streams = input_streams(reader.topics)
        for message in reader.messages(streams):
            session.handle(streams[message.topic], message.value, message.time_ns)
            if session.statistics.outputs == seen:
                continue
            heard = {"depth": dict(depth.take()[-1]), "scene": dict(scene.take()[-1])}
            mode = session.situation[0]
            if seen in pairs or mode in wanted:
                found.append(heard)
                wanted -= {mode}
            seen = session.statistics.outputs
    if seen <= max(pairs):
        raise InputError(f"{bag}: results: {seen}, expected more than {max(pairs)}")
    for mode in wanted:
        raise InputError(f"{bag}: no result in mode {mode.name}")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: of the command line, None = the process's.

    Returns:
        Exit code.
    """
    return run_alone(command, "parity_pictures", arguments)


if __name__ == "__main__":
    sys.exit(main())
