"""What a run did, as one HTML file, and its contact sheet."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from rgbt_perception.errors import InputError, RgbtError
from rgbt_perception.evaluation import report_page as html
from rgbt_perception.evaluation.cloud_view import cloud_pictures, middle_cloud
from rgbt_perception.evaluation.colormap import MODE_COLORS
from rgbt_perception.evaluation.contact_sheet import MOMENTS, contact_sheet, write_picture
from rgbt_perception.evaluation.ground_truth import recorded_condition
from rgbt_perception.evaluation.moments import collect_moments
from rgbt_perception.evaluation.run_folder import RunFolder, open_run
from rgbt_perception.evaluation.table import COLUMNS, metric_rows, notes
from rgbt_perception.evaluation.timeline import Timeline, chosen_frames, read_timeline
from rgbt_perception.frames import ColorImage

_METRICS_TEXT = (
    "Every measure is the mean over frames of the mean over pixels. All estimates of a condition "
    "are scored on the same pixels: true depth known and in range (0.5 to 80 m; rescue scenes 0.3 "
    "to 40 m) and every estimate known. rmse is in metres. coverage: share of the true depth in "
    "range that the fused depth answers. keep70: abs_rel of the fused depth without its 30 % least "
    "confident pixels. Best constant and best row are the one depth, and the one depth for each "
    "picture row, with the least abs_rel, fitted on this very truth: what an estimate must beat to "
    "have learned anything from the pictures. Recordings made by rgbt simulate have simulated "
    "truth; errors in the real world are another matter."
)
_LIMITS_TEXT = (
    "The depth network was trained on simulated recordings only; how well it does on real pictures "
    "is not measured here, because real recordings come without true depth. Confidence was learned "
    "in simulation as well. The output is not safety certified and must not be the only thing that "
    "keeps a machine from hitting something."
)


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
    sheet = _sheet(run, timeline)
    if sheet is not None:
        write_picture(run_dir / "contact_sheet.png", sheet)
    sections = [
        f"<h1>RGB-thermal run: {escape(run.source.name)}</h1>",
        _facts(run),
        _pictures(run, sheet),
        _metrics_section(_saved_metrics(run)),
        _numbers(run, timeline),
        _limits(),
    ]
    return _write(run_dir, html.page(f"RGB-thermal run: {run.source.name}", sections))


def write_joint_report(run_dirs: Sequence[Path], metrics: Mapping[str, Any], folder: Path) -> Path:
    """Write one ``report.html`` on several runs: their common metrics, then each run.

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
    sections = [f"<h1>{title}</h1>", _metrics_section(metrics)]
    for run_dir in run_dirs:
        run = open_run(run_dir)
        timeline = read_timeline(run)
        sections += [
            f'<h2 class="run">{escape(str(run_dir))}</h2>',
            _facts(run),
            _pictures(run, _sheet(run, timeline)),
            _numbers(run, timeline),
        ]
    return _write(folder, html.page(title, [*sections, _limits()]))


def _write(folder: Path, text: str) -> Path:
    path = folder / "report.html"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RgbtError(f"{path}: {error.strerror}") from None
    return path


def _sheet(run: RunFolder, timeline: Timeline) -> ColorImage | None:
    if not timeline.frames:
        return None
    return contact_sheet(collect_moments(run, chosen_frames(timeline, MOMENTS)))


def _facts(run: RunFolder) -> str:
    condition = recorded_condition(run.source) if run.source.exists() else None
    weights = run.info.get("weights") or {}
    ended = str(run.info.get("ended") or "finished")
    return html.facts(
        [
            ("source", str(run.info["source"])),
            ("condition", condition.key if condition else ""),
            ("view", f"{run.reference.value} camera"),
            ("recording", str(run.info.get("truncated") or "")),
            ("ended", "" if ended == "finished" else ended),
            ("engine", str(run.info.get("engine") or "")),
            ("weights", ", ".join(f"{name} (sha256 {sha[:16]}…)" for name, sha in weights.items())),
        ]
    )


def _pictures(run: RunFolder, sheet: ColorImage | None) -> str:
    cloud = middle_cloud(run)
    views = [] if cloud is None else cloud_pictures(cloud)
    inputs = "RGB and thermal are shown as recorded, the outputs in the rectified view."
    return "\n".join(
        [
            html.section(
                "Moments",
                html.wide_picture(sheet, "inputs, depth and confidence at several times"),
                html.paragraph(inputs, muted=True),
            )
            if sheet is not None
            else "",
            html.section("Point cloud", html.figures((v.caption, v.picture) for v in views)),
        ]
    )


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


def _metrics_section(metrics: Mapping[str, Any] | None) -> str:
    if metrics is None:
        return ""
    rows: list[str] = []
    condition = ""
    for row in metric_rows(metrics):
        if row.cells[0] != condition:
            condition = row.cells[0]
            rows.append(html.group_row(condition, len(COLUMNS) - 1))
        style = {"fused": "strong", "baseline": "faint"}.get(row.kind, "")
        rows.append(html.table_row(row.cells[1:], style))
    return html.section(
        "Depth against ground truth",
        html.table(COLUMNS[1:], rows) if rows else "",
        *(html.paragraph(note) for note in notes(metrics)),
        html.paragraph(_METRICS_TEXT, muted=True) if rows else "",
    )


def _numbers(run: RunFolder, timeline: Timeline) -> str:
    return "\n".join(
        [
            html.section("Latency by stage", _latency(run.info.get("latency_ms") or {})),
            html.section("Modes over time", _modes(timeline)),
            html.section("Counters", _counters(run.info)),
            html.section("Problems", _problems(run.info.get("problems") or [])),
        ]
    )


def _latency(stages: Mapping[str, Mapping[str, float]]) -> str:
    if not stages:
        return ""
    longest = max(max(float(value["p50"]) for value in stages.values()), 1e-9)
    rows = [
        html.table_row(
            (stage, f"{value['p50']:.1f}", f"{value['p99']:.1f}"),
            bar=float(value["p50"]) / longest,
        )
        for stage, value in stages.items()
    ]
    return html.table(("stage", "p50 ms", "p99 ms", ""), rows)


def _modes(timeline: Timeline) -> str:
    if not timeline.seconds:
        return ""
    spans = [
        (span.start_s, span.end_s, MODE_COLORS[span.mode], span.mode.name)
        for span in timeline.spans
    ]
    shown = sorted({span.mode for span in timeline.spans})
    entries = []
    for mode in shown:
        seconds = sum(s.end_s - s.start_s for s in timeline.spans if s.mode is mode)
        frames = sum(s.frames for s in timeline.spans if s.mode is mode)
        entries.append((MODE_COLORS[mode], f"{mode.name}: {frames} outputs, {seconds:.1f} s"))
    return html.strip(spans, timeline.seconds) + html.legend(entries)


def _counters(info: Mapping[str, Any]) -> str:
    counts = {f"{name} frames in": n for name, n in (info.get("frames_in") or {}).items()}
    counts |= {name: info[name] for name in ("pairs", "outputs") if name in info}
    counts |= {f"dropped: {name}": n for name, n in (info.get("dropped") or {}).items()}
    rows = [html.table_row((name, str(count))) for name, count in counts.items()]
    return html.table(("", "count"), rows) if rows else ""


def _problems(problems: Sequence[Mapping[str, Any]]) -> str:
    rows = [html.table_row((str(p["first"]), str(p["count"]))) for p in problems]
    return html.table(("first of its kind", "count"), rows) if rows else ""


def _limits() -> str:
    return f'<div class="limits">{html.section("Known limits", html.paragraph(_LIMITS_TEXT))}</div>'
