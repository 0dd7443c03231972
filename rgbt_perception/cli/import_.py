"""`rgbt import`: a recording from two videos, two folders of images, or an MS2 sequence."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import click
import cv2

from rgbt_perception.cli.progress import progress
from rgbt_perception.errors import UsageError
from rgbt_perception.recording.importer import import_recording
from rgbt_perception.recording.ms2_folder import Ms2Truth
from rgbt_perception.recording.ms2_importer import import_ms2_sequence


@click.command("import", short_help="Make a recording from videos, images or the MS2 data set.")
@click.option("--rgb", type=click.Path(path_type=Path), help="Video or folder.")
@click.option("--thermal", type=click.Path(path_type=Path), help="Video or folder.")
@click.option(
    "--rig",
    metavar="FILE|aligned",
    help="Rig file, or aligned for registered pictures of one size (60 degree view).",
)
@click.option(
    "--rate",
    type=click.FloatRange(0, min_open=True),
    help="Pictures a second; the video's own by default, 10 for folders.",
)
@click.option(
    "--ms2",
    type=click.Path(path_type=Path),
    help="Folder of the MS2 data set (sync_data/ and proj_depth/), instead of the above.",
)
@click.option("--sequence", metavar="NAME", help="MS2: the sequence, e.g. _2021-08-13-22-03-03.")
@click.option(
    "--truth",
    type=click.Choice([truth.value for truth in Ms2Truth]),
    help="MS2: which ground truth; figures on one do not compare with figures on the other.",
)
@click.option("--every", type=click.IntRange(1), help="MS2: take every n-th pair; default 1.")
@click.option("--out", type=click.Path(path_type=Path), help="Recording, .mcap.  [required]")
def command(
    rgb: Path | None,
    thermal: Path | None,
    rig: str | None,
    rate: float | None,
    ms2: Path | None,
    sequence: str | None,
    truth: str | None,
    every: int | None,
    out: Path | None,
) -> None:
    """Make a recording from two videos or two folders of images, or from an MS2 sequence.

    Folders are read in the natural order of their names. Thermal pictures are stored without
    loss, 8 or 16 bit; colour pictures without loss unless they come from a video or JPEG files.
    A sequence of the MS2 data set (--ms2, --sequence, --truth) brings its ground truth along.
    """
    # The libraries print their own lines about damaged files; ours says what matters.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    files = {"--rgb": rgb, "--thermal": thermal, "--rig": rig}
    of_ms2 = {"--sequence": sequence, "--truth": truth, "--every": every}
    if ms2 is None:
        _refuse(of_ms2, "belongs to --ms2")
        if rgb is None or thermal is None or rig is None or out is None:
            missing = _missing({**files, "--out": out})
            raise UsageError(f"missing {missing}; or give an MS2 folder with --ms2")
        with progress("import") as show:
            summary = import_recording(rgb, thermal, rig, out, rate, show)
        notes = summary.notes
        result = f"{summary.rgb} colour and {summary.thermal} thermal pictures"
    else:
        _refuse({**files, "--rate": rate}, "does not go with --ms2")
        if sequence is None or truth is None or out is None:
            missing = _missing({"--sequence": sequence, "--truth": truth, "--out": out})
            raise UsageError(f"--ms2: missing {missing}")
        with progress("import") as show:
            made = import_ms2_sequence(ms2, sequence, Ms2Truth(truth), out, every or 1, show)
        notes = made.notes
        result = f"{made.pairs} pairs, {made.condition}"
    for note in notes:
        click.echo(f"note: {note}", err=True)
    click.echo(f"{out}: {result}")


def _missing(options: Mapping[str, object]) -> str:
    return ", ".join(name for name, value in options.items() if value is None)


def _refuse(options: Mapping[str, object], reason: str) -> None:
    for name, value in options.items():
        if value is not None:
            raise UsageError(f"{name} {reason}")
