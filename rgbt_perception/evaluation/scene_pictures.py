"""`python -m rgbt_perception.evaluation.scene_pictures RUN --out FILE.jpg`: one moment in a row.

RGB, thermal, fused picture and labels side by side, and below them what the labels' colours mean.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from rgbt_perception.errors import InputError, RgbtError
from rgbt_perception.evaluation.colormap import grey_picture
from rgbt_perception.evaluation.moments import Moment, collect_moments
from rgbt_perception.evaluation.run_folder import count_outputs, open_run
from rgbt_perception.frames import ColorImage
from rgbt_perception.scene.classes import SCENE_CLASSES, UNLABELLED

_TILE_WIDTH = 480
_GAP = 6
_CAPTION = 24
_QUALITY = 88
_LEAST_SHARE = 0.002
"""Classes on less of the picture than this are not named below it."""

_PAPER, _INK = 255, (32, 34, 38)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_FURTHER = ("fused_picture", "label_picture")


def scene_row(moment: Moment) -> ColorImage:
    """Draw one moment.

    Args:
        moment: with both pictures, the fused one and the labels.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    assert moment.color is not None, "a moment of both cameras"
    assert moment.thermal is not None, "a moment of both cameras"
    labels = moment.further["label_picture"]
    tiles = {
        "RGB": moment.color,
        "thermal": grey_picture(moment.thermal),
        "fused": moment.further["fused_picture"],
        "labels": labels,
    }
    fitted = {name: _fitted(picture, name == "labels") for name, picture in tiles.items()}
    height = max(picture.shape[0] for picture in fitted.values())
    columns = len(fitted) * (_TILE_WIDTH + _GAP) - _GAP
    row = np.full((_CAPTION + height + _CAPTION, columns, 3), _PAPER, np.uint8)
    for place, (name, picture) in enumerate(fitted.items()):
        left = place * (_TILE_WIDTH + _GAP)
        _text(row, name, left, 17)
        row[_CAPTION : _CAPTION + picture.shape[0], left : left + _TILE_WIDTH] = picture
    _draw_legend(row, labels, _CAPTION + height)
    return row


def write_row(run_dir: Path, at: float, path: Path) -> None:
    """Draw a moment of a run.

    Args:
        run_dir: folder of a replay with a scene network.
        at: place of the moment among the outputs, 0 to 1.
        path: JPEG.

    Raises:
        InputError: not a run, or its moment lacks one of the pictures.
        RgbtError: the picture cannot be written.
    """
    run = open_run(run_dir)
    number = round(at * max(0, count_outputs(run) - 1))
    moments = collect_moments(run, [number], further=_FURTHER)
    if (
        not moments
        or moments[0].color is None
        or moments[0].thermal is None
        or any(name not in moments[0].further for name in _FURTHER)
    ):
        raise InputError(
            f"{run_dir}: output {number} lacks a picture; expected one of both cameras, its source "
            "beside it, replayed with a scene model"
        )
    picture = cv2.cvtColor(scene_row(moments[0]), cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    try:
        path.write_bytes(data.tobytes())
    except OSError as error:
        raise RgbtError(f"{path}: {error.strerror}") from None


def _fitted(picture: ColorImage, exact: bool) -> ColorImage:
    height = max(1, round(picture.shape[0] * _TILE_WIDTH / picture.shape[1]))
    # A mixed colour would be another class.
    method = cv2.INTER_NEAREST if exact else cv2.INTER_AREA
    return np.asarray(cv2.resize(picture, (_TILE_WIDTH, height), interpolation=method))


def _draw_legend(row: ColorImage, labels: ColorImage, top: int) -> None:
    left = 0
    for index, item in enumerate(SCENE_CLASSES):
        share = np.all(labels == np.array(item.colour, np.uint8), axis=2).mean()
        if index == UNLABELLED or share < _LEAST_SHARE:
            continue
        row[top + 6 : top + 20, left : left + 14] = item.colour
        text = f"{item.name.replace('_', ' ')} {100 * share:.0f} %"
        _text(row, text, left + 20, top + 18)
        left += 20 + cv2.getTextSize(text, _FONT, 0.5, 1)[0][0] + 24


def _text(row: ColorImage, text: str, x: int, y: int) -> None:
    cv2.putText(row, text, (x, y), _FONT, 0.5, _INK, 1, cv2.LINE_AA)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(description="One moment of a run in a row of pictures.")
    parser.add_argument("run_dir", type=Path, help="folder of `rgbt replay`")
    parser.add_argument("--out", type=Path, required=True, help="JPEG to write")
    parser.add_argument("--at", type=float, default=0.5, help="place in the run, 0 to 1")
    options = parser.parse_args(arguments)
    if not 0.0 <= options.at <= 1.0:
        parser.error(f"--at {options.at}: expected 0 to 1")
    try:
        write_row(options.run_dir, options.at, options.out)
    except RgbtError as error:
        print(f"scene_pictures: {error}", file=sys.stderr)
        return 1
    print(f"wrote {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
