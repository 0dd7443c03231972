"""Quality of service as Cyclone DDS spells it, with what ROS 2 expects beside it."""

from __future__ import annotations

from cyclonedds.core import Policy
from cyclonedds.core import Qos as DdsQos
from cyclonedds.util import duration

from rgbt_perception.hosting.interfaces import Qos

# A write waits no longer than this for a reliable subscriber that does not keep up. Short, because
# Cyclone's Python binding holds the interpreter's lock while it writes.
_MAX_BLOCKING_NS = duration(milliseconds=5)
_UNLIMITED = -1


def writer_qos(qos: Qos, type_hash: str, user_data: str = "") -> DdsQos:
    """Of a writer.

    Args:
        qos: offered.
        type_hash: of the type; empty when not known.
        user_data: what else the endpoint tells of itself, ``key=value;``.
    """
    policies = _policies(qos, type_hash, user_data)
    if qos.transient_local:
        # What late subscribers get has its own depth, 1 unless told.
        policies.append(
            Policy.DurabilityService(
                cleanup_delay=0,
                history=Policy.History.KeepLast(qos.depth),
                max_samples=_UNLIMITED,
                max_instances=_UNLIMITED,
                max_samples_per_instance=_UNLIMITED,
            )
        )
    return DdsQos(*policies)


def reader_qos(qos: Qos, type_hash: str, user_data: str = "") -> DdsQos:
    """Of a reader; arguments as for ``writer_qos``."""
    return DdsQos(*_policies(qos, type_hash, user_data))


def reliable(found: DdsQos) -> bool:
    """Whether a discovered endpoint is reliable."""
    return isinstance(found[Policy.Reliability], Policy.Reliability.Reliable)


def transient_local(found: DdsQos) -> bool:
    """Whether a discovered endpoint keeps its last messages for late subscribers."""
    return found[Policy.Durability] in (
        Policy.Durability.TransientLocal,
        Policy.Durability.Transient,
        Policy.Durability.Persistent,
    )


def _policies(qos: Qos, type_hash: str, user_data: str) -> list[object]:
    policies = [
        Policy.Reliability.Reliable(_MAX_BLOCKING_NS)
        if qos.reliable
        else Policy.Reliability.BestEffort,
        Policy.Durability.TransientLocal if qos.transient_local else Policy.Durability.Volatile,
        Policy.History.KeepLast(qos.depth),
        # XCDR1, the representation of ROS 2.
        Policy.DataRepresentation(use_cdrv0_representation=True),
    ]
    if type_hash:
        user_data += f"typehash={type_hash};"
    if user_data:
        policies.append(Policy.Userdata(user_data.encode()))
    return policies
