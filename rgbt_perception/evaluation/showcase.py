"""Pictures for the README from a run's folder: `python -m rgbt_perception.evaluation.showcase`."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from rgbt_perception.errors import InputError, RgbtError
from rgbt_perception.evaluation.cloud_view import cloud_pictures
from rgbt_perception.evaluation.contact_sheet import write_picture
from rgbt_perception.evaluation.run_clouds import typical_clouds
from rgbt_perception.evaluation.run_folder import open_run
from rgbt_perception.frames import ColorImage

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_WINDOW = (1280, 1480)
_SHEET_WIDTH = 1400
_WAIT_MS = 4000


def write_showcase(run_dir: Path, folder: Path, browser: str) -> list[Path]:
    """Write ``sample.png``, ``cloud.png`` and ``report.png``.

    Args:
        run_dir: a run with a report.
        folder: where to write.
        browser: a Chromium, which draws the report.

    Raises:
        InputError: not a run, or one without clouds or report.
        RgbtError: a picture cannot be written or the browser draws nothing.
    """
    run = open_run(run_dir)
    sheet = cv2.imread(str(run_dir / "contact_sheet.png"))
    clouds = typical_clouds(run)
    views = cloud_pictures(clouds[0].points) if clouds else []
    if sheet is None or len(views) < 2 or not (run_dir / "report.html").is_file():
        raise InputError(f"{run_dir}: expected contact_sheet.png, report.html and clouds in it")
    written = [folder / name for name in ("sample.png", "cloud.png", "report.png")]
    write_picture(written[0], _shrunk(cv2.cvtColor(sheet, cv2.COLOR_BGR2RGB)))
    write_picture(written[1], np.hstack([view.picture for view in views[-2:]]))
    _photograph(run_dir / "report.html", written[2], browser)
    return written


def _shrunk(picture: ColorImage) -> ColorImage:
    height = round(picture.shape[0] * _SHEET_WIDTH / picture.shape[1])
    return np.asarray(cv2.resize(picture, (_SHEET_WIDTH, height), interpolation=cv2.INTER_AREA))


def _photograph(page: Path, target: Path, browser: str) -> None:
    target.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as profile:
        words = [
            browser,
            "--headless=new",
            "--disable-gpu",
            "--hide-scrollbars",
            f"--virtual-time-budget={_WAIT_MS}",
            f"--user-data-dir={profile}",
            f"--window-size={_WINDOW[0]},{_WINDOW[1]}",
            f"--screenshot={target.resolve()}",
            # Chromium has no sandbox for root, as whom containers run.
            *(["--no-sandbox"] if os.geteuid() == 0 else []),
            page.resolve().as_uri(),
        ]
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode or not target.is_file():
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise RgbtError(f"{browser}: no picture of {page} ({lines[-1]})")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(description="Write the README's pictures.")
    parser.add_argument("run_dir", type=Path, help="folder of a run, e.g. of `rgbt demo`")
    parser.add_argument("folder", type=Path, help="where to write the pictures")
    options = parser.parse_args(arguments)
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    try:
        if browser is None:
            raise RgbtError(f"no browser to draw the report: none of {', '.join(_BROWSERS)}")
        for path in write_showcase(options.run_dir, options.folder, browser):
            print(f"wrote {path}")
    except (RgbtError, subprocess.TimeoutExpired) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
