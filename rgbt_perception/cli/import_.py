"""`rgbt import`: a recording from two videos or two folders of images."""

from __future__ import annotations

import os
from pathlib import Path

import click
import cv2

from rgbt_perception.cli.progress import progress
from rgbt_perception.recording.importer import import_recording


@click.command("import", short_help="Make a recording from videos or folders of images.")
@click.option("--rgb", type=click.Path(path_type=Path), required=True, help="Video or folder.")
@click.option("--thermal", type=click.Path(path_type=Path), required=True, help="Video or folder.")
@click.option(
    "--rig",
    required=True,
    metavar="FILE|aligned",
    help="Rig file, or aligned for registered pictures of one size (60 degree view).",
)
@click.option(
    "--rate",
    type=click.FloatRange(0, min_open=True),
    help="Pictures a second; the video's own by default, 10 for folders.",
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Recording, .mcap.")
def command(rgb: Path, thermal: Path, rig: str, rate: float | None, out: Path) -> None:
    """Make a recording from two videos or two folders of images.

    Folders are read in the natural order of their names. Thermal pictures are stored without
    loss, 8 or 16 bit; colour pictures without loss unless they come from a video or JPEG files.
    """
    # The libraries print their own lines about damaged files; ours says what matters.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    with progress("import") as show:
        summary = import_recording(rgb, thermal, rig, out, rate, show)
    for note in summary.notes:
        click.echo(f"note: {note}", err=True)
    click.echo(f"{out}: {summary.rgb} colour and {summary.thermal} thermal pictures")
