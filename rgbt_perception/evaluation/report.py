"""What a run did, as one HTML file that needs nothing else, and its contact sheet."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from rgbt_perception.errors import InputError, RgbtError
from rgbt_perception.evaluation import report_page as html
from rgbt_perception.evaluation.contact_sheet import MOMENTS, contact_sheet, write_picture
from rgbt_perception.evaluation.film import KINDS, WIDTH, Film, film_frames, make_film
from rgbt_perception.evaluation.ground_truth import recorded_condition
from rgbt_perception.evaluation.label_legend import label_legend
from rgbt_perception.evaluation.moments import collect_moments
from rgbt_perception.evaluation.report_cloud import cloud_viewer
from rgbt_perception.evaluation.report_film import color_bars, player
from rgbt_perception.evaluation.report_metrics import metrics_section
from rgbt_perception.evaluation.report_numbers import identity, numbers, summary
from rgbt_perception.evaluation.run_clouds import typical_clouds
from rgbt_perception.evaluation.run_folder import RunFolder, open_run
from rgbt_perception.evaluation.timeline import Timeline, chosen_frames, read_timeline
from rgbt_perception.frames import ColorImage

_FILM_BYTES = 1_800_000
_CLOUD_POINTS = 60_000
# Runs of a joint report whose film and cloud are in it; the others have them in their own.
_SHOWN_RUNS = 3
_LEAD = "What was computed from the pictures of an RGB camera and a thermal camera."


@dataclass(frozen=True)
class _Pictures:
    """Everything shown of one run.

    Attributes:
        film: None without frames.
        sheet: (H, W, 3) uint8 RGB; None without frames.
    """

    film: Film | None
    sheet: ColorImage | None


def write_report(run_dir: Path) -> Path:
    """Write ``report.html`` and ``contact_sheet.png`` into a run's folder.

    Metrics are shown when ``metrics.json`` is there and not older than the outputs; what is
    missing is left out.

    Args:
        run_dir: the folder written by a replay.

    Returns:
        The path of the report.

    Raises:
        InputError: the folder is not a run's.
        RgbtError: the report cannot be written.
    """
    run = open_run(run_dir)
    timeline = read_timeline(run)
    pictures = _pictures(run, timeline, _FILM_BYTES)
    metrics = _saved_metrics(run)
    if pictures.sheet is not None:
        write_picture(run_dir / "contact_sheet.png", pictures.sheet)
    condition = recorded_condition(run.source) if run.source.exists() else None
    title = f"RGB-thermal run: {run.source.name}"
    sections = [
        f'<h1>{escape(title)}</h1>\n<p class="lead">{_LEAD}</p>',
        summary(run, timeline, condition, metrics),
        _film_section(pictures.film),
        html.section("Point cloud", cloud_viewer(typical_clouds(run), _CLOUD_POINTS)),
        metrics_section(metrics),
        _sheet_section(pictures.sheet),
        numbers(run, timeline),
        identity(run),
        _limits(),
    ]
    return _write(run_dir, html.page(title, sections))


def write_joint_report(run_dirs: Sequence[Path], metrics: Mapping[str, Any], folder: Path) -> Path:
    """Write one ``report.html`` on several runs: their common metrics, then each run.

    Films and clouds are in it when the runs are few, so that its size stays that of one report.

    Args:
        run_dirs: folders written by a replay.
        metrics: of all of them together.
        folder: where to write.

    Returns:
        The path of the report.

    Raises:
        InputError: a folder is not a run's.
        RgbtError: the report cannot be written.
    """
    title = "RGB-thermal evaluation" + (f" of {len(run_dirs)} runs" if len(run_dirs) > 1 else "")
    sections = [
        f'<h1>{title}</h1>\n<p class="lead">{_LEAD}</p>',
        metrics_section(metrics),
    ]
    shown = len(run_dirs) <= _SHOWN_RUNS
    for number, run_dir in enumerate(run_dirs):
        run = open_run(run_dir)
        timeline = read_timeline(run)
        sections.append(f'<h2 class="run">{escape(str(run_dir))}</h2>')
        if shown:
            pictures = _pictures(run, timeline, _FILM_BYTES // len(run_dirs))
            points = _CLOUD_POINTS // len(run_dirs)
            clouds = typical_clouds(run)
            sections += [
                _film_section(pictures.film),
                html.section("Point cloud", cloud_viewer(clouds, points, number)),
            ]
        elif (run_dir / "report.html").is_file():
            own = quote(Path(os.path.relpath(run_dir / "report.html", folder)).as_posix())
            sections.append(f'<p><a href="{own}">film and point cloud of this run</a></p>')
        sections += [numbers(run, timeline), identity(run)]
    return _write(folder, html.page(title, [*sections, _limits()]))


def _write(folder: Path, text: str) -> Path:
    path = folder / "report.html"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # File names need not be UTF-8, and stand in the text.
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise RgbtError(f"{path}: cannot be written ({error.strerror})") from None
    return path


def _pictures(run: RunFolder, timeline: Timeline, film_bytes: int) -> _Pictures:
    """Both from one pass over the run and one over its source."""
    if not timeline.frames:
        return _Pictures(None, None)
    filmed, listed = film_frames(timeline.frames), chosen_frames(timeline, MOMENTS)
    wanted = sorted({*filmed, *listed})
    further = [kind.output for kind in KINDS if kind.output]
    moments = dict(
        zip(wanted, collect_moments(run, wanted, width=WIDTH, further=further), strict=True)
    )
    return _Pictures(
        make_film([moments[i] for i in filmed], film_bytes),
        contact_sheet([moments[i] for i in listed]),
    )


def _film_section(film: Film | None) -> str:
    if film is None:
        return ""
    has_labels = any(sheet.kind.name == "labels" for sheet in film.sheets)
    legend = label_legend() if has_labels else ""
    return html.section("The run", player(film), color_bars(film.scale), legend)


def _sheet_section(sheet: ColorImage | None) -> str:
    if sheet is None:
        return ""
    text = (
        "The first frame of every mode, and others evenly spread. RGB and thermal are shown as "
        "recorded, the outputs in the rectified view. One depth scale holds for all of them."
    )
    alt = "inputs, depth, true depth where there is any, and confidence at several times"
    return html.section("Moments", html.wide_picture(sheet, alt), html.paragraph(text, muted=True))


def _saved_metrics(run: RunFolder) -> Mapping[str, Any] | None:
    path = run.path / "metrics.json"
    # An older file is about an earlier run into the same folder.
    if not path.is_file() or path.stat().st_mtime_ns < run.recording.stat().st_mtime_ns:
        return None
    try:
        metrics = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not readable JSON ({error})") from None
    return metrics if isinstance(metrics, dict) else None


def _limits() -> str:
    return (
        f'<div class="limits">{html.section("Known limits", html.page_file("limits.html"))}</div>'
    )
