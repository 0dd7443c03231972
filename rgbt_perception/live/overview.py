"""What there is to tell of a running host: for the page and for the terminal."""

from __future__ import annotations

import time

from rgbt_perception.engines.identity import identity
from rgbt_perception.frames import Modality
from rgbt_perception.hosting.streams import StreamState as Arrivals
from rgbt_perception.live.host import LiveHost
from rgbt_perception.live.view.state import StreamState, ViewState


def overview(host: LiveHost) -> ViewState:
    """The host at this moment; from any thread."""
    now_ns = time.monotonic_ns()
    mode, reasons = host.mode()
    numbers = host.session.statistics.snapshot()
    counters, dropped = host.runner.counters, host.session.dropped
    pipeline = host.session.pipeline
    engines = [pipeline.engine, *([] if pipeline.scene is None else [pipeline.scene.engine])]
    stages = {
        stage: (numbers.last_stages.get(stage, float("nan")), spread["p50"], spread["p99"])
        for stage, spread in numbers.latencies.items()
    }
    return ViewState(
        title=f"{host.name}, DDS domain {host.node.network.domain}",
        mode=mode,
        reasons=reasons,
        result_hz=host.runner.result_rate_hz(),
        streams=tuple(
            _stream(stream.value, topic, host.runner.streams[stream].state(now_ns))
            for stream, topic in host.inputs.topics().items()
        ),
        stages=stages,
        counters={
            "pairs": numbers.pairs,
            "results": numbers.outputs,
            **{f"dropped {camera.value}": dropped[camera.value] for camera in Modality},
            "rejected": sum(numbers.rejected.values()),
            "replaced by a newer pair": counters.overrun,
            "not sent": sum(numbers.unsent.values()),
            "faults": counters.faults,
        },
        modes=numbers.modes,
        outputs=host.publishers.subscribers(),
        problems=host.monitor.problems,
        engine=", ".join(
            f"{one.model} {one.source}, {one.runtime}" for one in map(identity, engines)
        ),
        running_s=(now_ns - host.started_ns) / 1e9,
    )


def _stream(name: str, topic: str, state: Arrivals) -> StreamState:
    width, height = state.size
    size = f"{width}x{height} " if width else ""
    detail = f"{size}{state.encoding}".strip()
    return StreamState(name, topic, state.received, state.rate_hz, state.age_s, detail)
