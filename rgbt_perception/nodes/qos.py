"""QoS of the streams as rclpy has it."""

from __future__ import annotations

from collections.abc import Callable

from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.qos import (
    DurabilityPolicy,
    HistoryPolicy,
    QoSPolicyKind,
    QoSProfile,
    ReliabilityPolicy,
    qos_policy_name_from_kind,
)
from rclpy.qos_overriding_options import QoSOverridingOptions

from rgbt_perception.hosting.graph import Endpoint, Qos


def profile(qos: Qos) -> QoSProfile:
    """The profile of a stream."""
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=qos.depth,
        reliability=ReliabilityPolicy.RELIABLE if qos.reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=(
            DurabilityPolicy.TRANSIENT_LOCAL if qos.transient_local else DurabilityPolicy.VOLATILE
        ),
    )


def asked(profile: QoSProfile) -> Qos:
    """The profile of a subscription, overrides included, in the hosts' words."""
    return Qos(
        reliable=profile.reliability == ReliabilityPolicy.RELIABLE,
        transient_local=profile.durability == DurabilityPolicy.TRANSIENT_LOCAL,
        depth=profile.depth,
    )


def overridable() -> QoSOverridingOptions:
    """Lets parameters ``qos_overrides.<topic>.subscription.*`` replace a stream's QoS."""
    return QoSOverridingOptions(
        (QoSPolicyKind.RELIABILITY, QoSPolicyKind.DURABILITY, QoSPolicyKind.DEPTH)
    )


def mismatch_events(topic: str, report: Callable[[str, str], None]) -> SubscriptionEventCallbacks:
    """Callbacks for publishers that this subscription cannot hear.

    Args:
        topic: full name.
        report: called with the topic and what does not fit, e.g. ``RELIABILITY``.
    """

    def incompatible_qos(event: object) -> None:
        report(topic, qos_policy_name_from_kind(event.last_policy_kind))  # type: ignore[attr-defined]

    def incompatible_type(event: object) -> None:
        report(topic, "TYPE")

    return SubscriptionEventCallbacks(
        incompatible_qos=incompatible_qos, incompatible_type=incompatible_type
    )


def endpoint(info: object) -> Endpoint:
    """What ``get_publishers_info_by_topic`` says of one publisher."""
    offered = info.qos_profile  # type: ignore[attr-defined]
    namespace = info.node_namespace.rstrip("/")  # type: ignore[attr-defined]
    return Endpoint(
        node=f"{namespace}/{info.node_name}",  # type: ignore[attr-defined]
        type_name=info.topic_type,  # type: ignore[attr-defined]
        reliable=offered.reliability == ReliabilityPolicy.RELIABLE,
        transient_local=offered.durability == DurabilityPolicy.TRANSIENT_LOCAL,
    )
