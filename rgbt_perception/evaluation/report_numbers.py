"""What a run says of itself, as sections of a report: summary, modes, latency, counters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rgbt_perception.evaluation import report_page as html
from rgbt_perception.evaluation.colormap import MODE_COLORS
from rgbt_perception.evaluation.ground_truth import Condition
from rgbt_perception.evaluation.run_folder import RunFolder
from rgbt_perception.evaluation.timeline import Timeline
from rgbt_perception.frames import Mode

_MOST_SPANS = 30
_MODE_TEXTS = {
    Mode.WAITING: "nothing to compute from yet",
    Mode.FULL: "both cameras",
    Mode.RGB_ONLY: "the RGB camera alone",
    Mode.THERMAL_ONLY: "the thermal camera alone",
    Mode.DEGRADED: "late or slow",
    Mode.FAULT: "no result",
}
_STAGES = {
    "sensing": "decode, rectify, normalise",
    "prepare": "bring both pictures to the network's size",
    "depth_engine": "the network",
    "upsample": "enlarge the depth along the picture's edges",
    "estimates": "the other depths, for evaluation only",
    "align": "bring the colour picture into the thermal view",
    "scene_engine": "the network of the fused picture and the labels",
    "fuse": "the fused picture at full size",
    "labels": "the labels at full size",
    "label_estimates": "each camera's own labels, for evaluation only",
    "color": "colours of the points",
    "encode": "make the messages",
    "write": "write the file",
}


def summary(
    run: RunFolder,
    timeline: Timeline,
    condition: Condition | None,
    metrics: Mapping[str, Any] | None,
) -> str:
    """The few figures that matter most."""
    entries = []
    if condition is not None and condition != Condition():
        entries.append(("condition", f"{condition.light}, {condition.weather}", condition.scene))
    if timeline.frames:
        remark = f"in {timeline.seconds:.1f} s"
        entries.append(("depth pictures", str(timeline.frames), remark))
        single = sum(
            span.frames
            for span in timeline.spans
            if span.mode in (Mode.RGB_ONLY, Mode.THERMAL_ONLY)
        )
        both = f"{(timeline.frames - single) / timeline.frames:.0%}"
        entries.append(("from both cameras", both, f"{single} from one camera alone"))
    scores = [
        score["depth"]["fused"]["abs_rel"]
        for score in ((metrics or {}).get("conditions") or {}).values()
        if score["depth"]
    ]
    if scores:
        error = f"{sum(scores) / len(scores):.1%}"
        entries.append(("mean depth error", error, "abs_rel of the fused depth"))
    engine = (run.info.get("latency_ms") or {}).get("depth_engine")
    if engine:
        remark = f"99th percentile {engine['p99']:.0f} ms"
        entries.append(("depth network, median", f"{engine['p50']:.0f} ms", remark))
    return html.cards(entries)


def numbers(run: RunFolder, timeline: Timeline) -> str:
    """Modes over time, latency, counters and problems."""
    return "\n".join(
        [
            html.section("Modes over time", *_modes(timeline)),
            html.section("Latency by stage", *_latency(run.info.get("latency_ms") or {})),
            html.section("Counters", _counters(run.info)),
            html.section("Problems", _problems(run.info.get("problems") or [])),
        ]
    )


def identity(run: RunFolder) -> str:
    """Source, engine, weights and settings."""
    info = run.info
    ended = str(info.get("ended") or "finished")
    network = "x".join(str(side) for side in info.get("network") or ())
    pairs = [
        ("source", str(info["source"])),
        ("recording", str(info.get("truncated") or "")),
        ("ended", "" if ended == "finished" else ended),
        ("output view", f"{run.reference.value} camera"),
        ("engine", str(info.get("engine") or "")),
        *(
            ("weights", f"{name}{_source(info, name)}, sha256 {digest}")
            for name, digest in (info.get("weights") or {}).items()
        ),
        ("network size", f"{network} pixels" if network else ""),
        ("inputs", ", ".join(dict.fromkeys((info.get("topics") or {}).values()))),
        ("settings", _settings(info["settings"]) if "settings" in info else ""),
    ]
    return html.section("About this run", html.facts(pairs))


def _source(info: Mapping[str, Any], model: str) -> str:
    """From which file and in which precision, where the run says."""
    network = (info.get("networks") or {}).get(model) or {}
    said = [network[name] for name in ("file", "precision") if network.get(name)]
    return f": {', '.join(said)}" if said else ""


def _settings(settings: Mapping[str, Any]) -> str:
    if not settings:
        return "all parameters at their defaults"
    return ", ".join(f"{name} = {value}" for name, value in settings.items())


def _modes(timeline: Timeline) -> list[str]:
    if not timeline.seconds:
        return []
    spans = [
        (
            span.start_s,
            span.end_s,
            MODE_COLORS[span.mode],
            f"{span.mode.name}, {span.start_s:.2f} to {span.end_s:.2f} s",
        )
        for span in timeline.spans
    ]
    entries = []
    for mode in sorted({span.mode for span in timeline.spans}):
        seconds = sum(s.end_s - s.start_s for s in timeline.spans if s.mode is mode)
        frames = sum(s.frames for s in timeline.spans if s.mode is mode)
        text = f"{mode.name} ({_MODE_TEXTS[mode]}): {frames} outputs, {seconds:.1f} s"
        entries.append((MODE_COLORS[mode], text))
    return [
        html.strip(spans, timeline.seconds, "modes over time") + html.axis(timeline.seconds),
        html.legend(entries),
        _reasons(timeline),
    ]


def _reasons(timeline: Timeline) -> str:
    """Why the run was not always FULL; the longest stretches when there are many."""
    told = [span for span in timeline.spans if span.mode is not Mode.FULL or span.reasons]
    if not told:
        return html.paragraph("No camera was ever missing.")
    longest = sorted(told, key=lambda span: span.start_s - span.end_s)[:_MOST_SPANS]
    rows = [
        html.table_row(
            (
                f"{span.start_s:.2f} to {span.end_s:.2f} s",
                span.mode.name,
                ", ".join(span.reasons) or "not given",
                str(span.frames),
            )
        )
        for span in sorted(longest, key=lambda span: span.start_s)
    ]
    left_out = len(told) - len(longest)
    text = f"{left_out} shorter stretches are left out." if left_out else ""
    return html.table(("when", "mode", "reasons", "outputs"), rows, "words") + (
        html.paragraph(text, muted=True) if text else ""
    )


def _latency(stages: Mapping[str, Mapping[str, float]]) -> list[str]:
    if not stages:
        return []
    entries = [
        (stage, _STAGES.get(stage, ""), float(value["p50"]), float(value["p99"]))
        for stage, value in stages.items()
    ]
    return [
        '<p class="key muted"><i class="median"></i>median (p50)<i></i>99th percentile (p99); '
        "the first pair of a run takes longest and counts.</p>",
        html.bars(entries),
    ]


def _counters(info: Mapping[str, Any]) -> str:
    counts = {f"{name} pictures in": n for name, n in (info.get("frames_in") or {}).items()}
    counts |= {name: info[name] for name in ("pairs", "outputs") if name in info}
    counts |= {f"{name} pictures dropped": n for name, n in (info.get("dropped") or {}).items()}
    counts |= {f"{name} pictures rejected": n for name, n in (info.get("rejected") or {}).items()}
    rows = [html.table_row((name, str(count))) for name, count in counts.items()]
    return html.table(("what", "count"), rows) if rows else ""


def _problems(problems: Sequence[Mapping[str, Any]]) -> str:
    rows = [html.table_row((str(p["first"]), str(p["count"]))) for p in problems]
    return html.table(("first of its kind", "how often"), rows, "words") if rows else ""
