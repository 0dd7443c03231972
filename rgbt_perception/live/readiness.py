"""What perception lacks to start, from what was seen on a live graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rgbt_perception.config import Config
from rgbt_perception.errors import InputError
from rgbt_perception.geometry.rig import load_rig, rig_from_yaml
from rgbt_perception.hosting.graph import Endpoint
from rgbt_perception.hosting.input_health import InputTopic, InputView, input_problem
from rgbt_perception.hosting.interfaces import (
    COMPRESSED_IMAGE,
    INPUT_TYPES,
    image_topic,
    input_qos,
)
from rgbt_perception.hosting.streams import StreamWatch
from rgbt_perception.live.picture_checks import pairing_fault, picture_fault
from rgbt_perception.live.sampling import Sampler
from rgbt_perception.sensing.camera_info import camera_model_from_message
from rgbt_perception.sensing.transform_tree import TransformTree
from rgbt_perception.session import IMAGES, Stream

_NEEDED = (Stream.RGB_IMAGE, Stream.RGB_INFO, Stream.THERMAL_IMAGE, Stream.THERMAL_INFO)
_INFOS = {
    Stream.RGB_IMAGE: Stream.RGB_INFO,
    Stream.THERMAL_IMAGE: Stream.THERMAL_INFO,
}
_PICTURES = (INPUT_TYPES[Stream.RGB_IMAGE], COMPRESSED_IMAGE)
# Stamps that differ more from the clock of this machine are another clock's.
_OTHER_CLOCK_S = 3600.0
_LATE_S = 0.5


@dataclass(frozen=True)
class Readiness:
    """Whether perception could run.

    Attributes:
        inputs: full names of the topics it would take, by input.
        frames: every frame of the transforms seen.
        missing: why it would not give depth of both cameras, one line each; empty when it would.
        notes: what may be a mistake.
    """

    inputs: dict[str, str]
    frames: tuple[str, ...]
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())


def readiness(
    config: Config,
    names: Mapping[Stream, str],
    samplers: Mapping[str, Sampler],
    endpoints: Callable[[str], Sequence[Endpoint]],
) -> Readiness:
    """Judge the inputs.

    Args:
        config: QoS and transports.
        names: full names of the inputs, pictures without ``/compressed``.
        samplers: what arrived, by topic.
        endpoints: gives the publishers of a topic.
    """
    inputs: dict[str, str] = {}
    lines: list[tuple[Stream, str]] = []
    published = {name for name in samplers if endpoints(name)}
    wanted = input_qos(config.qos)
    for stream in _NEEDED:
        name, type_name = names[stream], INPUT_TYPES[stream]
        if stream in IMAGES:
            name, type_name = image_topic(config, stream, name, published)
        inputs[stream.value] = name
        topic = InputTopic(name, type_name, wanted[stream], endpoints(name))
        sampler = samplers.get(name)
        state, refused = StreamWatch().state(0), ""
        # The one who looks hears everything; perception may ask for more than is offered.
        if sampler is not None and any(end.reaches(topic.wanted) for end in topic.endpoints):
            state = sampler.state()
            info = samplers.get(names[_INFOS[stream]]) if stream in IMAGES else None
            refused = _refused(config, stream, sampler, info, type_name)
        problem = input_problem(InputView(topic, state, refused, steady=stream in IMAGES))
        if problem is not None:
            line = problem.message + _hint(problem.kind, stream, names, samplers)
            lines.append((stream, line))
    if line := _unpaired(config, inputs, samplers):
        lines.append((Stream.THERMAL_IMAGE, line))
    rig_fault = _rig_fault(config, samplers.get(names[Stream.RIG]))
    if rig_fault == "":
        # A rig file holds what camera_info and tf_static say.
        lines = [(stream, line) for stream, line in lines if stream in IMAGES]
    else:
        faults = [] if rig_fault is None else [f"{names[Stream.RIG]}: {rig_fault}"]
        name = names[Stream.TF_STATIC]
        kind, asked = INPUT_TYPES[Stream.TF_STATIC], wanted[Stream.TF_STATIC]
        static = InputTopic(name, kind, asked, endpoints(name))
        faults += _extrinsics(static, inputs, samplers)
        lines += [(Stream.TF_STATIC, fault) for fault in faults]
    frames = _tree(samplers, "/tf_static", "/tf")[0].frames
    missing = tuple(line for _, line in lines)
    return Readiness(inputs, frames, missing, tuple(_clock_notes(inputs, samplers)))


def _rig_fault(config: Config, sampler: Sampler | None) -> str | None:
    """What is wrong with the rig file in use; empty if nothing, None without one.

    Raises:
        InputError: that of the parameters cannot be used.
    """
    if config.rig:
        load_rig(Path(config.rig))
        return ""
    if sampler is None or sampler.last is None:
        return None
    try:
        rig_from_yaml(sampler.last.data, "rig")
    except InputError as error:
        return str(error)
    return ""


def _refused(
    config: Config, stream: Stream, sampler: Sampler, info: Sampler | None, type_name: str
) -> str:
    """Why the last message could not be used; empty if it could."""
    if sampler.last is None or sampler.type_name != type_name:
        return f"{sampler.unreadable} messages cannot be read" if sampler.unreadable else ""
    if stream in IMAGES:
        return picture_fault(stream, sampler, info, config.thermal)
    try:
        camera_model_from_message(sampler.last, stream.value)
    except InputError as error:
        return str(error)
    return ""


def _unpaired(config: Config, inputs: Mapping[str, str], samplers: Mapping[str, Sampler]) -> str:
    """Why the cameras' pictures do not pair; empty if they do."""
    rgb, thermal = inputs[Stream.RGB_IMAGE.value], inputs[Stream.THERMAL_IMAGE.value]
    if rgb not in samplers or thermal not in samplers:
        return ""
    fault = pairing_fault(samplers[rgb], samplers[thermal], config.pairing)
    return f"{rgb} and {thermal}: {fault}" if fault else ""


def _hint(
    kind: str, stream: Stream, names: Mapping[Stream, str], samplers: Mapping[str, Sampler]
) -> str:
    """Topics that may be the ones meant."""
    if kind != "no_publisher":
        return ""
    types = _PICTURES if stream in IMAGES else (INPUT_TYPES[stream],)
    taken = {names[other] for other in names if other is not stream}
    others = [
        name
        for name, sampler in samplers.items()
        if sampler.type_name in types and name not in taken
    ]
    if not others:
        return ""
    return f"; is it one of {', '.join(others)}? then --remap {stream.value}:=NAME"


def _tree(samplers: Mapping[str, Sampler], *topics: str) -> tuple[TransformTree, list[str]]:
    """The frames of some topics, and what cannot be used of them."""
    tree, faults = TransformTree(), []
    for topic in topics:
        sampler = samplers.get(topic)
        for message in {} if sampler is None else sampler.transforms.values():
            try:
                tree.add(message)
            except InputError as error:
                faults.append(f"{topic}: {error}")
    return tree, faults


def _extrinsics(
    static: InputTopic, inputs: Mapping[str, str], samplers: Mapping[str, Sampler]
) -> list[str]:
    """Whether the frames of the two cameras are connected, as their camera_info names them."""
    unheard = InputView(static, StreamWatch().state(0))
    problem = input_problem(unheard)
    if problem is not None and problem.kind == "incompatible_qos":
        return [problem.message]
    frames = []
    for stream in (Stream.RGB_INFO, Stream.THERMAL_INFO):
        sampler = samplers.get(inputs[stream.value])
        header = None if sampler is None else getattr(sampler.last, "header", None)
        if header is None:
            return []
        if not header.frame_id:
            return [f"{inputs[stream.value]}: frame_id is empty"]
        frames.append(header.frame_id)
    source, target = frames
    tree, faults = _tree(samplers, static.name)
    if tree.lookup(target, source) is not None:
        return faults
    known = ", ".join(tree.frames) or "none"
    line = f"{static.name}: nothing connects {source!r} and {target!r}; frames seen: {known}"
    if _tree(samplers, static.name, "/tf")[0].lookup(target, source) is not None:
        line += "; /tf connects them, but it has to be static"
    return [*faults, line]


def _clock_notes(inputs: Mapping[str, str], samplers: Mapping[str, Sampler]) -> list[str]:
    notes = []
    for name in inputs.values():
        sampler = samplers.get(name)
        age_s = None if sampler is None else sampler.age_s
        if age_s is None or -_LATE_S < age_s < _LATE_S:
            continue
        if abs(age_s) > _OTHER_CLOCK_S:
            days = abs(age_s) / 86400
            notes.append(f"{name}: stamps are {days:.1f} days off: recorded or simulated time")
        else:
            side = "older than" if age_s > 0 else "ahead of"
            notes.append(f"{name}: stamps are {abs(age_s):.2f} s {side} this machine's clock")
    return notes
