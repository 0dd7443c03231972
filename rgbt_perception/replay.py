"""The host for recordings: a bag in, a recording of the outputs and a summary out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from rgbt_perception.config import Config, changed_values
from rgbt_perception.engines.choice import make_engine, make_scene_engine
from rgbt_perception.engines.engine import Engine
from rgbt_perception.engines.identity import identity, runtimes
from rgbt_perception.errors import InputError, RgbtError, UsageError
from rgbt_perception.frames import Modality
from rgbt_perception.geometry.rig import load_rig
from rgbt_perception.outputs import LATCHED_TOPICS, Output, offered_topics
from rgbt_perception.pipeline import DepthPipeline
from rgbt_perception.recording.reader import RecordingReader
from rgbt_perception.recording.types import RosbagsFactory
from rgbt_perception.recording.writer import RecordingWriter
from rgbt_perception.session import Session, Stream

NODE = "/perception"
OUTPUT_FILE = "perception.mcap"
SUMMARY_FILE = "run.json"
# Recordings with fewer pairs keep every cloud; longer ones every tenth (a cloud is 9 MB at VGA).
_SHORT_PAIRS = 100
LONG_CLOUD_EVERY = 10
_PICTURES = ("sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage")
_INFOS = ("sensor_msgs/msg/CameraInfo",)
_TYPES = {
    Stream.RGB_IMAGE: _PICTURES,
    Stream.THERMAL_IMAGE: _PICTURES,
    Stream.RGB_INFO: _INFOS,
    Stream.THERMAL_INFO: _INFOS,
    Stream.TF_STATIC: ("tf2_msgs/msg/TFMessage",),
    Stream.RIG: ("std_msgs/msg/String",),
}
_PRIMED = (Stream.TF_STATIC, Stream.RIG, Stream.RGB_INFO, Stream.THERMAL_INFO)
# Outputs for evaluation only, and the ground truth that they are for.
_TRUTHS = {
    "debug/depth": "/ground_truth/thermal/depth",
    "debug/semantic": "/ground_truth/thermal/labels",
    "debug/aligned": "/ground_truth/thermal/labels",
}
_IMAGES = {Modality.RGB: Stream.RGB_IMAGE, Modality.THERMAL: Stream.THERMAL_IMAGE}


@dataclass(frozen=True)
class ReplayOptions:
    """What to leave out and what to add.

    Attributes:
        drop: a camera whose pictures are ignored.
        every: compute every n-th result only.
        cloud_every: write the cloud of every n-th result; 0 = all, or every 10th from 100 pairs.
        debug_outputs: write what only evaluation needs though there is no ground truth.
        remap: names that the recording uses, by relative input name (``rgb/image``).
    """

    drop: Modality | None = None
    every: int = 1
    cloud_every: int = 0
    debug_outputs: bool = False
    remap: Mapping[str, str] = field(default_factory=dict)


class _Selection:
    """Decides which topics of the n-th result are written."""

    def __init__(self, every: int, cloud_every: int, topics: Set[str]) -> None:
        self._every, self._cloud_every, self._topics = every, cloud_every, topics

    def __call__(self, index: int) -> Set[str]:
        result, rest = divmod(index, self._every)
        if rest:
            return frozenset()
        return self._topics if result % self._cloud_every == 0 else self._topics - {"points"}


def replay(
    bag: Path,
    out: Path,
    config: Config,
    options: ReplayOptions,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Run the pipeline over a recording.

    Writes ``out/perception.mcap`` and ``out/run.json``; both are finished and hold everything
    computed so far however the run ends.

    Args:
        bag: MCAP or sqlite3 recording, file or folder.
        out: folder for the results.
        config: all parameters.
        options: what to leave out and what to add.
        progress: called with the messages done and in all.

    Returns:
        The content of ``run.json``.

    Raises:
        InputError: the recording cannot be used; the line says what was expected.
        RgbtError: the model cannot be loaded or the disk is full.
    """
    # A bag folder takes no other recording: its own could be of that name.
    if bag.resolve() in ((out / OUTPUT_FILE).resolve(), out.resolve()):
        raise UsageError(f"{bag}: would be replaced by its own results; expected another --out")
    with RecordingReader(bag) as reader:
        topics = _topics(reader, bag, options.remap)
        scene = make_scene_engine(config.engine, config.scene.model)
        pipeline = DepthPipeline(config.output, make_engine(config.engine), scene)
        session = Session(
            config,
            pipeline,
            RosbagsFactory(),
            rig=load_rig(Path(config.rig)) if config.rig else None,
            select=_selection(reader, topics, options, scene is not None),
        )
        for modality, stream in _IMAGES.items():
            if stream not in topics.values() and modality is not options.drop:
                names = ", ".join(sorted(reader.topics))
                line = f"no /{stream.value}; topics there: {names}; name yours with --remap"
                session.statistics.problem(f"{modality.value}_missing", line)
        started = time.perf_counter()
        ended = "failed"
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RgbtError(f"{out}: cannot be a folder for results ({error.strerror})") from None
        try:
            with RecordingWriter(out / OUTPUT_FILE) as writer:
                _run(reader, topics, session, _Sink(writer, session), options, progress)
            ended = "finished"
        except KeyboardInterrupt:
            ended = "interrupted"
            raise
        except RgbtError as error:
            ended = str(error)
            raise
        finally:
            summary = _summary(bag, config, session, reader.truncated, ended)
            summary["topics"] = {stream.value: topic for topic, stream in topics.items()}
            summary["seconds"] = round(time.perf_counter() - started, 3)
            _write_summary(out / SUMMARY_FILE, summary)
    _check_usable(session, topics, options.drop)
    return summary


class _Sink:
    """Writes outputs and times it."""

    def __init__(self, writer: RecordingWriter, session: Session) -> None:
        self._writer, self._session = writer, session
        self._begun = False

    def __call__(self, outputs: list[Output], now_ns: int) -> None:
        started = time.perf_counter()
        if outputs and not self._begun:
            self._begun = True
            outputs = [*self._session.announcements(outputs[0].stamp_ns), *outputs]
        for output in outputs:
            name, latched = f"{NODE}/{output.topic}", output.topic in LATCHED_TOPICS
            self._writer.write(name, output.message, output.type_name, now_ns, latched)
        if outputs:
            elapsed = (time.perf_counter() - started) * 1e3
            self._session.statistics.latencies.add({"write": elapsed})


def _run(
    reader: RecordingReader,
    topics: Mapping[str, Stream],
    session: Session,
    sink: _Sink,
    options: ReplayOptions,
    progress: Callable[[int, int], None] | None,
) -> None:
    for message in _first_messages(reader, topics):
        session.handle(topics[message.topic], message.value, message.time_ns)
    total, now_ns = reader.count(topics), 0
    dropped = None if options.drop is None else _IMAGES[options.drop]
    for index, message in enumerate(reader.messages(topics)):
        stream, now_ns = topics[message.topic], message.time_ns
        if stream is not dropped:
            sink(session.handle(stream, message.value, now_ns), now_ns)
        if progress is not None:
            progress(index + 1, total)
    sink(session.finish(), now_ns)


def _first_messages(reader: RecordingReader, topics: Mapping[str, Stream]) -> list[Any]:
    """The first transform, rig and geometry of a recording hold from its beginning."""
    first: list[Any] = []
    for topic, stream in topics.items():
        if stream in _PRIMED:
            messages = reader.messages([topic])
            # Each publisher of transforms sends its own; of the others the first one tells.
            first.extend(messages if stream is Stream.TF_STATIC else islice(messages, 1))
    return first


def _topics(reader: RecordingReader, bag: Path, remap: Mapping[str, str]) -> dict[str, Stream]:
    """The recording's topics that are used, with what they are."""
    topics: dict[str, Stream] = {}
    for stream in Stream:
        name = remap.get(stream.value, f"/{stream.value}")
        names = [name, f"{name}/compressed"] if stream in _IMAGES.values() else [name]
        there = [n for n in names if n in reader.topics and reader.topics[n].count]
        if not there:
            if stream.value in remap:
                raise InputError(
                    f"{bag}: no topic {name}; topics there: {', '.join(sorted(reader.topics))}"
                )
            continue
        topic, found = there[0], reader.topics[there[0]].type
        if found not in _TYPES[stream]:
            if stream is Stream.RIG and stream.value not in remap:
                continue  # somebody else's topic of that name
            raise InputError(
                f"{bag}: {topic} is {found}, expected {' or '.join(_TYPES[stream])} "
                f"for {stream.value}"
            )
        if topic in topics:
            raise UsageError(
                f"--remap: {topic} is named for both {topics[topic].value} and {stream.value}"
            )
        topics[topic] = stream
    if not set(_IMAGES.values()) & set(topics.values()):
        raise InputError(
            f"{bag}: neither /rgb/image nor /thermal/image (raw or /compressed) is there; "
            f"topics there: {', '.join(sorted(reader.topics))}; name yours with --remap"
        )
    return topics


def _selection(
    reader: RecordingReader, topics: Mapping[str, Stream], options: ReplayOptions, scene: bool
) -> _Selection:
    used = [stream for camera, stream in _IMAGES.items() if camera is not options.drop]
    counts = [reader.topics[topic].count for topic, stream in topics.items() if stream in used]
    pairs = max(counts, default=0) // options.every
    every = options.cloud_every or (1 if pairs < _SHORT_PAIRS else LONG_CLOUD_EVERY)
    outputs = set(offered_topics(scene))
    for kind, truth in _TRUTHS.items():
        there = any(topic.startswith(truth) for topic in reader.topics)
        if not (there or options.debug_outputs):
            outputs -= {output for output in outputs if output.startswith(kind)}
    return _Selection(options.every, every, outputs)


def _summary(
    bag: Path, config: Config, session: Session, truncated: str, ended: str
) -> dict[str, Any]:
    statistics, engine = session.statistics, session.pipeline.engine
    scene = session.pipeline.scene
    engines = [engine] if scene is None else [engine, scene.engine]
    return {
        "source": str(bag.resolve()),
        "reference": config.output.reference.value,
        "frames_in": {camera.value: statistics.frames_in[camera.value] for camera in Modality},
        "pairs": statistics.pairs,
        "outputs": statistics.outputs,
        "dropped": session.dropped,
        "rejected": {camera.value: statistics.rejected[camera.value] for camera in Modality},
        "modes": dict(statistics.modes),
        "latency_ms": statistics.latencies.summary(),
        "engine": runtimes(engine, None if scene is None else scene.engine),
        "weights": {one.model: one.digest for one in engines},
        "networks": {one.model: _network(one) for one in engines},
        "network": [session.pipeline.width, session.pipeline.height],
        "settings": changed_values(config),
        "problems": [
            {"name": name, "count": count, "first": line}
            for name, (line, count) in statistics.problems.items()
        ],
        "truncated": truncated,
        "ended": ended,
    }


def _network(engine: Engine) -> dict[str, str]:
    """What is loaded of one network; its digest stands under ``weights``."""
    loaded = identity(engine)
    return {"file": loaded.file, "precision": loaded.precision, "engine": loaded.runtime}


def _write_summary(path: Path, summary: Mapping[str, Any]) -> None:
    partial = path.with_name(f".{path.name}")
    try:
        partial.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        if summary["ended"] != "finished":
            return  # the first error is the one to tell
        raise RgbtError(f"{path}: cannot be written ({error.strerror})") from None


def _check_usable(session: Session, topics: Mapping[str, Stream], drop: Modality | None) -> None:
    """A camera that is there but was of no use is a failure, though the other gave outputs."""
    statistics = session.statistics
    problems = statistics.problems
    for modality, stream in _IMAGES.items():
        if stream not in topics.values() or modality is drop:
            continue
        refused = statistics.rejected[modality.value]
        if refused and not statistics.used[modality.value]:
            info = problems.get(f"{modality.value}/camera_info")
            image = problems.get(f"{modality.value}_image") or problems.get(
                f"{modality.value}_stamp"
            )
            line = (info or image or ("no picture could be used", 0))[0]
            raise InputError(
                f"{line}; no picture of {modality.value} could be used, "
                f"{statistics.outputs} outputs written"
            )
    if "extrinsics" in problems and not session.extrinsics_known:
        raise InputError(f"{problems['extrinsics'][0]}; {statistics.outputs} outputs written")
    if statistics.outputs == 0:
        frames = ", ".join(f"{count} {name}" for name, count in statistics.frames_in.items())
        raise InputError(f"no output: the recording holds {frames or 'no'} pictures")
