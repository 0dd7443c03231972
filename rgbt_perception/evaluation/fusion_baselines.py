"""`python -m rgbt_perception.evaluation.fusion_baselines`: fusions that know nothing, as a measure.

A method that does not beat averaging, the maximum and a Laplacian pyramid has learned nothing.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click
import cv2
import numpy as np

from rgbt_perception.cli.progress import progress
from rgbt_perception.cli.standalone import run_alone
from rgbt_perception.errors import InputError, UsageError
from rgbt_perception.evaluation.fusion_metrics import Luminance, fusion_metrics
from rgbt_perception.evaluation.fusion_scores import (
    FusionScore,
    fusion_table,
    score_images,
    write_scores,
)
from rgbt_perception.evaluation.image_folders import match_sources, read_luminance
from rgbt_perception.frames import FloatImage

_LEVELS = 4


def average(visible: Luminance, thermal: Luminance) -> Luminance:
    """Mean of both, (H, W) uint8."""
    return _rounded((visible.astype(np.float32) + thermal) / 2.0)


def maximum(visible: Luminance, thermal: Luminance) -> Luminance:
    """The brighter of both, (H, W) uint8."""
    return np.maximum(visible, thermal)


def laplacian_pyramid(visible: Luminance, thermal: Luminance, levels: int = _LEVELS) -> Luminance:
    """The stronger detail of both at every scale, the mean of what is left below.

    Burt and Kolczynski, "Enhanced image capture through fusion" (ICCV 1993), in its simplest form:
    for each coefficient the source with the larger magnitude, without a match measure. The
    pyramids are OpenCV's.

    Args:
        visible, thermal: (H, W) uint8.
        levels: of detail; at least 1.

    Returns:
        (H, W) uint8.
    """
    first, second = _pyramid(visible, levels), _pyramid(thermal, levels)
    fused = (first[-1] + second[-1]) / 2.0
    for a, b in zip(first[-2::-1], second[-2::-1], strict=True):
        fused = _enlarged(fused, a) + np.where(np.abs(a) >= np.abs(b), a, b)
    return _rounded(fused)


BASELINES: dict[str, Callable[[Luminance, Luminance], Luminance]] = {
    "average": average,
    "maximum": maximum,
    "laplacian": laplacian_pyramid,
}
"""By name; each takes the visible and the thermal picture."""


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("visible", metavar="VI_DIR", type=click.Path(path_type=Path))
@click.argument("thermal", metavar="IR_DIR", type=click.Path(path_type=Path))
@click.option(
    "--split",
    metavar="FILE PART",
    nargs=2,
    type=click.Tuple([click.Path(path_type=Path), str]),
    help="Take the names that a JSON file lists under PART, such as split.json test.",
)
@click.option(
    "--method",
    "methods",
    metavar="NAME FUSED_DIR",
    multiple=True,
    nargs=2,
    type=click.Tuple([str, click.Path(path_type=Path)]),
    help="Also score a method's fused pictures, one for every pair. May be repeated.",
)
@click.option(
    "--pictures",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Write the fused pictures to DIR/<baseline>/<name>.png.",
)
@click.option(
    "--json", "json_file", metavar="FILE", type=click.Path(path_type=Path), help="The table too."
)
def command(
    visible: Path,
    thermal: Path,
    split: tuple[Path, str] | None,
    methods: tuple[tuple[str, Path], ...],
    pictures: Path | None,
    json_file: Path | None,
) -> None:
    """Fusion metrics of averaging, maximum and a Laplacian pyramid on registered pairs.

    VI_DIR and IR_DIR hold pictures of the same names.
    """
    names = None if split is None else names_of(*split)
    pairs = match_sources((visible, thermal), names).sets
    if len({*BASELINES, *(name for name, _ in methods)}) < len(BASELINES) + len(methods):
        raise UsageError(f"--method: expected names that differ, also from {', '.join(BASELINES)}")
    made = {
        name: match_sources((visible, thermal, folder), [pair.name for pair in pairs]).sets
        for name, folder in methods
    }
    scores = {name: FusionScore() for name in BASELINES}
    with progress("fusing and scoring") as show:
        for done, pair in enumerate(pairs, start=1):
            visible_picture, thermal_picture = read_luminance(pair)
            for name, fuse in BASELINES.items():
                fused = fuse(visible_picture, thermal_picture)
                values = fusion_metrics(visible_picture, thermal_picture, fused)
                scores[name].add(pair.name, values)
                if pictures is not None:
                    _write(pictures / name / f"{pair.name}.png", fused)
            show(done, len(pairs))
    for name, sets in made.items():
        with progress(f"scoring {name}") as show:
            scores[name] = score_images(sets, show)
    click.echo(f"{len(pairs)} pairs")
    click.echo(fusion_table({name: score.mean() for name, score in scores.items()}, "method"))
    if json_file is not None:
        write_scores(json_file, {name: score.tree() for name, score in scores.items()})
        click.echo(f"wrote {json_file}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns:
        Exit code: 0 done, 1 the work failed, 2 wrong use.
    """
    return run_alone(command, "fusion_baselines", arguments)


def names_of(file: Path, part: str) -> list[str]:
    """The names that a JSON file lists under one key."""
    try:
        tree = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{file}: {error.strerror}") from None
    except ValueError:
        raise InputError(f"{file}: is not JSON, expected an object with lists of names") from None
    names = tree.get(part) if isinstance(tree, dict) else None
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise InputError(f"{file}: expected a list of names under {part!r}")
    return names


def _pyramid(picture: Luminance, levels: int) -> list[FloatImage]:
    """Details from fine to coarse, then what is left."""
    left: FloatImage = picture.astype(np.float32)
    pyramid = []
    for _ in range(levels):
        smaller = np.asarray(cv2.pyrDown(left))
        pyramid.append(left - _enlarged(smaller, left))
        left = smaller
    return [*pyramid, left]


def _enlarged(picture: FloatImage, like: FloatImage) -> FloatImage:
    return np.asarray(cv2.pyrUp(picture, dstsize=like.shape[::-1]))


def _rounded(picture: FloatImage) -> Luminance:
    return np.clip(np.rint(picture), 0.0, 255.0).astype(np.uint8)


def _write(path: Path, picture: Luminance) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    _, data = cv2.imencode(".png", picture)
    data.tofile(path)


if __name__ == "__main__":
    sys.exit(main())
