"""Fusion metrics over many pictures: mean, content of a JSON file, table."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rgbt_perception.errors import RgbtError
from rgbt_perception.evaluation.fusion_metrics import FUSION_METRICS, fusion_metrics
from rgbt_perception.evaluation.image_folders import ImageSet, read_luminance

Progress = Callable[[int, int], None]
"""Called with the pictures done and the pictures in all."""

_DECIMALS = {"EN": 3, "SD": 2, "SF": 2, "AG": 2, "MI": 3, "PSNR": 2}


class FusionScore:
    """Metrics of one method on several pictures, each picture counting alike.

    Attributes:
        images: metrics by picture's name, in the order they were added.
    """

    def __init__(self) -> None:
        self.images: dict[str, dict[str, float]] = {}

    def add(self, name: str, values: Mapping[str, float]) -> None:
        """One picture's metrics."""
        self.images[name] = dict(values)

    def mean(self) -> dict[str, float]:
        """Mean over pictures; empty before the first."""
        count = len(self.images)
        if not count:
            return {}
        return {
            metric: math.fsum(values[metric] for values in self.images.values()) / count
            for metric in FUSION_METRICS
        }

    def tree(self, per_image: bool = False) -> dict[str, Any]:
        """What is written as JSON: ``fusion`` and ``images``, a number.

        Args:
            per_image: also ``per_image``, by name.

        Returns:
            An infinite PSNR is None.
        """
        tree: dict[str, Any] = {"fusion": _finite(self.mean()), "images": len(self.images)}
        if per_image:
            tree["per_image"] = {name: _finite(values) for name, values in self.images.items()}
        return tree


def score_images(sets: Sequence[ImageSet], progress: Progress | None = None) -> FusionScore:
    """Metrics of fused pictures.

    Args:
        sets: visible, thermal and fused picture each.
        progress: told after each.

    Raises:
        InputError: a picture cannot be read or compared; the line names it.
    """
    score = FusionScore()
    for done, images in enumerate(sets, start=1):
        score.add(images.name, fusion_metrics(*read_luminance(images)))
        if progress is not None:
            progress(done, len(sets))
    return score


def write_scores(path: Path, tree: Mapping[str, Any]) -> None:
    """Write a JSON file, with the folder it lies in.

    Raises:
        RgbtError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(tree, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise RgbtError(f"{path}: {error.strerror}") from None


def fusion_table(rows: Mapping[str, Mapping[str, float | None]], first: str = "pictures") -> str:
    """One row a method for a terminal, without a final line break.

    Args:
        rows: metrics by method; None is infinite.
        first: head of the first column.
    """
    lines: list[tuple[str, ...]] = [(first, *FUSION_METRICS)]
    for name, values in rows.items():
        lines.append((name, *fusion_cells(values)))
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )


def fusion_cells(values: Mapping[str, float | None]) -> tuple[str, ...]:
    """One text for each of ``FUSION_METRICS``; None is infinite."""
    numbers = ((metric, values[metric]) for metric in FUSION_METRICS)
    return tuple(
        "inf" if value is None else f"{value:.{_DECIMALS.get(metric, 4)}f}"
        for metric, value in numbers
    )


def _finite(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: value if math.isfinite(value) else None for name, value in values.items()}
