"""How a live host is: one finding for each input, the outputs, the pipeline and the watchdog."""

from __future__ import annotations

from collections.abc import Mapping

from rgbt_perception.frames import Modality, Mode
from rgbt_perception.hosting.findings import Finding, Onsets
from rgbt_perception.hosting.gpu_memory import GpuMemory
from rgbt_perception.hosting.input_health import InputTopic, InputView, input_problem
from rgbt_perception.hosting.output_health import OutputHealth
from rgbt_perception.hosting.pipeline_values import pipeline_values
from rgbt_perception.hosting.runner import Runner
from rgbt_perception.hosting.watchdog import Level
from rgbt_perception.session import IMAGES, INFOS, Stream
from rgbt_perception.statistics import Snapshot

# A system that starts is not yet a broken one.
_GRACE_NS = 3_000_000_000
# A refusal holds until nothing was refused for so long.
_REFUSAL_NS = 2_000_000_000
_LEVELS = {
    Mode.FULL: Level.OK,
    Mode.RGB_ONLY: Level.WARN,
    Mode.THERMAL_ONLY: Level.WARN,
    Mode.DEGRADED: Level.WARN,
    Mode.WAITING: Level.ERROR,
    Mode.FAULT: Level.ERROR,
}


class Health:
    """Judges a runner and its inputs. For one thread, which may be another than the runner's."""

    def __init__(self, runner: Runner, now_ns: int) -> None:
        """Begin at steady time ``now_ns``.

        Args:
            runner: to judge.
            now_ns: steady clock, nanoseconds.
        """
        self._runner = runner
        self._onsets = Onsets()
        self._gpu = GpuMemory()
        self._outputs = OutputHealth()
        self._started_ns = now_ns
        self._counts: dict[str, int] = {}
        self._refused_ns: dict[str, int] = {}
        self._refused_at: dict[str, int] = {}

    def assess(self, inputs: Mapping[Stream, InputTopic], now_ns: int) -> list[Finding]:
        """How everything is now; call it about once a second.

        Args:
            inputs: what is subscribed to, with what is offered there.
            now_ns: steady clock, nanoseconds.
        """
        snapshot = self._runner.session.statistics.snapshot()
        self._note_refusals(snapshot, now_ns)
        findings = [
            self._input(stream, topic, snapshot, now_ns) for stream, topic in inputs.items()
        ]
        outputs = self._outputs.assess(snapshot, now_ns)
        return [*findings, outputs, self._pipeline(snapshot, now_ns), self._watchdog(now_ns)]

    # Inputs

    def _input(self, stream: Stream, topic: InputTopic, snapshot: Snapshot, now_ns: int) -> Finding:
        state = self._runner.streams[stream].state(now_ns)
        view = InputView(
            topic,
            state,
            self._refusal(stream, snapshot, now_ns),
            self._is_needed(stream),
            stream in IMAGES,
        )
        values = {
            "topic": topic.name,
            "type": topic.type_name,
            "wanted": str(topic.wanted),
            "offered": "; ".join(f"{end.offers} by {end.node or '?'}" for end in topic.endpoints),
            "received": str(state.received),
            "rate_hz": f"{state.rate_hz:.2f}",
            "age_s": "n/a" if state.age_s is None else f"{state.age_s:.3f}",
        }
        if state.encoding:
            values["encoding"] = state.encoding
            if all(state.size):
                values["size"] = "{}x{}".format(*state.size)
        if stream in IMAGES:
            values["rejected"] = str(snapshot.rejected.get(IMAGES[stream].value, 0))
        problem = input_problem(view)
        if problem is None:
            self._onsets.since(stream.value, "", now_ns)
            return Finding(Level.OK, stream.value, _flow(view), values)
        began_ns = self._started_ns if problem.began_ns is None else problem.began_ns
        since_ns = self._onsets.since(
            stream.value, problem.kind, now_ns, now_ns if problem.at_once else began_ns
        )
        never = state.received == 0
        if not problem.at_once and never and now_ns - since_ns < _GRACE_NS:
            return Finding(Level.OK, stream.value, f"{topic.name}: waiting", values)
        message = f"{problem.message}; for {(now_ns - since_ns) / 1e9:.1f} s"
        return Finding(Level.WARN, stream.value, message, values, since_ns, problem.kind)

    def _is_needed(self, stream: Stream) -> bool:
        """Whether perception lacks something without that input."""
        assembly = self._runner.session.assembly
        if stream in INFOS:
            return not assembly.geometry_known(INFOS[stream])
        if stream is Stream.TF_STATIC:
            return assembly.thermal_T_rgb() is None
        return stream in IMAGES

    def _refusal(self, stream: Stream, snapshot: Snapshot, now_ns: int) -> str:
        """Why what comes on an input is not used; empty when it is."""
        assembly = self._runner.session.assembly
        if stream in IMAGES:
            if not assembly.geometry_known(IMAGES[stream]):
                return ""  # that of camera_info says it
            camera = IMAGES[stream].value
            names = [f"{camera}_image", f"{camera}_stamp"]
        else:
            names = [stream.value]
        for name in names:
            if name not in self._refused_ns:
                continue
            # What comes but once, as a latched transform, stays refused until another one comes.
            received = self._runner.streams[stream].state(now_ns).received
            same = stream not in IMAGES and received <= self._refused_at[name]
            if same or now_ns - self._refused_ns[name] < _REFUSAL_NS:
                return snapshot.problems[name][0].removeprefix(f"{stream.value}: ")
        return self._missing_transform() if stream is Stream.TF_STATIC else ""

    def _missing_transform(self) -> str:
        """What the transforms lack, once there are some and both cameras' frames are known."""
        assembly = self._runner.session.assembly
        known = all(assembly.geometry_known(modality) for modality in Modality)
        if not known or not assembly.frames or assembly.thermal_T_rgb() is not None:
            return ""
        source, target = (assembly.frame_id(modality) for modality in Modality)
        return (
            f"no transform from {source!r} to {target!r}; offered frames "
            f"{', '.join(assembly.frames)}; wanted it there or in a rig file"
        )

    def _note_refusals(self, snapshot: Snapshot, now_ns: int) -> None:
        for name, (_, count) in snapshot.problems.items():
            if count != self._counts.get(name, 0):
                self._counts[name] = count
                self._refused_ns[name] = now_ns
                known = name in Stream._value2member_map_
                self._refused_at[name] = (
                    self._runner.streams[Stream(name)].state(now_ns).received if known else 0
                )

    # The pipeline

    def _pipeline(self, snapshot: Snapshot, now_ns: int) -> Finding:
        runner, name = self._runner, "pipeline"
        mode, reasons = runner.session.situation
        rate_hz = runner.result_rate_hz()
        values = pipeline_values(runner, snapshot, rate_hz) | self._gpu.values()
        level = _LEVELS[mode]
        message = f"{mode.name}: {', '.join(reasons)}" if reasons else mode.name
        if mode is Mode.FAULT:
            message = f"{message}; {runner.counters.last_fault}"
        elif runner.watchdog.is_idle:
            level, message = Level.OK, "idle: nobody subscribes"
        elif mode is not Mode.WAITING:
            message = f"{message}; {rate_hz:.1f} Hz"
        elif now_ns - self._started_ns < _GRACE_NS:
            level, message = Level.OK, "starting"
        problem = "" if level is Level.OK else f"{mode.name} {' '.join(reasons)}"
        since_ns = self._onsets.since(name, problem, now_ns)
        if not problem:
            return Finding(level, name, message, values)
        message = f"{message}; for {(now_ns - since_ns) / 1e9:.1f} s"
        follows = mode not in (Mode.FAULT, Mode.DEGRADED)
        return Finding(level, name, message, values, since_ns, problem, follows)

    def _watchdog(self, now_ns: int) -> Finding:
        verdict = self._runner.watchdog.verdict(now_ns)
        config = self._runner.session.config.watchdog
        latency = "n/a" if verdict.latency_ms is None else f"{verdict.latency_ms:.1f}"
        values = {
            "latency_ms": latency,
            "warn_ms": f"{config.warn_ms:.1f}",
            "error_ms": f"{config.error_ms:.1f}",
            "timeout_s": f"{config.timeout_s:.1f}",
        }
        level = verdict.level
        if verdict.latency_ms is None and now_ns - self._started_ns < _GRACE_NS:
            level = Level.OK  # what no result has come from yet is for the inputs to say
        problem = "" if level is Level.OK else level.name.lower()
        return Finding(
            level,
            "watchdog",
            verdict.message,
            values,
            verdict.since_ns,
            problem,
            follows=not verdict.late,
        )


def _flow(view: InputView) -> str:
    """An input without problem, in words."""
    state = view.state
    if state.received == 0:
        return f"{view.topic.name}: not needed" if not view.needed else f"{view.topic.name}: -"
    if view.steady:
        return f"{view.topic.name}: {state.rate_hz:.1f} Hz"
    return f"{view.topic.name}: received"
