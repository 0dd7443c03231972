"""The pipeline's numbers for diagnostics."""

from __future__ import annotations

from rgbt_perception.engines.identity import identity
from rgbt_perception.hosting.runner import Runner
from rgbt_perception.statistics import Snapshot


def pipeline_values(runner: Runner, snapshot: Snapshot, rate_hz: float) -> dict[str, str]:
    """Mode, counts, latency of each stage and the engine's identity, as text by name.

    Args:
        runner: whose they are.
        snapshot: of its session's statistics.
        rate_hz: results a second.
    """
    session, counters = runner.session, runner.counters
    mode, reasons = session.situation
    engine, dropped = session.pipeline.engine, session.dropped
    scene = session.pipeline.scene
    values = {
        "mode": mode.name,
        "reasons": ", ".join(reasons),
        "rate_hz": f"{rate_hz:.2f}",
        "results": str(snapshot.outputs),
        "pairs": str(snapshot.pairs),
        "dropped_rgb": str(dropped["rgb"]),
        "dropped_thermal": str(dropped["thermal"]),
        "rejected_rgb": str(snapshot.rejected.get("rgb", 0)),
        "rejected_thermal": str(snapshot.rejected.get("thermal", 0)),
        "overrun": str(counters.overrun),
        "unsent": str(sum(snapshot.unsent.values())),
        "faults": str(counters.faults),
    }
    if counters.last_fault:
        values["last_fault"] = counters.last_fault
    for stage, percentiles in snapshot.latencies.items():
        last = snapshot.last_stages.get(stage)
        values[f"{stage}_ms"] = (
            f"last {'n/a' if last is None else f'{last:.1f}'}, "
            f"p50 {percentiles['p50']:.1f}, p99 {percentiles['p99']:.1f}"
        )
    values |= {
        "engine": engine.name,
        "depth_model": engine.model,
        "depth_file": identity(engine).source,
        "weights_sha256": engine.digest,
        "network": f"{session.pipeline.width}x{session.pipeline.height}",
    }
    if scene is not None:
        values |= {
            "scene_engine": scene.engine.name,
            "scene_model": scene.engine.model,
            "scene_file": identity(scene.engine).source,
            "scene_weights_sha256": scene.engine.digest,
            "scene_network": f"{scene.width}x{scene.height}",
        }
    return values
