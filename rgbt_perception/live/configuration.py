"""Which DDS domain, and how Cyclone DDS is set up: applied by itself, as ROS 2 would do it."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from weakref import WeakValueDictionary
from xml.sax.saxutils import quoteattr

from cyclonedds.core import DDSException
from cyclonedds.domain import Domain

from rgbt_perception.errors import RgbtError, UsageError

# Ports of higher domains would end above 65535 (DDSI-RTPS 9.6.1: 7400 + 250 x domain).
MAX_DOMAIN = 232
_RANGES = ("SUBNET", "LOCALHOST", "OFF", "SYSTEM_DEFAULT", "")
_URI = "CYCLONEDDS_URI"
# `max`, because `min` above net.core.rmem_max makes Cyclone refuse to start.
_BUFFERS = '<SocketReceiveBufferSize min="default" max="4MB"/>'
# Keep-last bounds what a writer holds; with the default of 500 kB one slow subscriber would
# make every write of a picture wait for it.
_WATERMARKS = "<Watermarks><WhcHigh>64MB</WhcHigh></Watermarks>"

_log = logging.getLogger(__name__)
_open: WeakValueDictionary[int, Domain] = WeakValueDictionary()
_lock = threading.Lock()


@dataclass(frozen=True)
class Network:
    """Where a participant looks for others.

    Attributes:
        domain: 0 to 232.
        local: this machine only.
        peers: addresses asked directly, beside multicast.
        alone: this process only.
    """

    domain: int
    local: bool = False
    peers: tuple[str, ...] = ()
    alone: bool = False


def network_from_environment(
    domain: int | None = None, environment: Mapping[str, str] = os.environ
) -> Network:
    """The network as the variables of ROS 2 describe it.

    Args:
        domain: replaces ``ROS_DOMAIN_ID``; without both it is 0.
        environment: ``ROS_DOMAIN_ID``, ``ROS_AUTOMATIC_DISCOVERY_RANGE``, ``ROS_LOCALHOST_ONLY``
            and ``ROS_STATIC_PEERS`` are looked at.

    Raises:
        UsageError: a value that ROS 2 would not understand.
    """
    source = "--domain"
    if domain is None:
        source, text = "ROS_DOMAIN_ID", environment.get("ROS_DOMAIN_ID", "") or "0"
        try:
            domain = int(text)
        except ValueError:
            raise UsageError(f"ROS_DOMAIN_ID is {text!r}, expected a number") from None
    if not 0 <= domain <= MAX_DOMAIN:
        raise UsageError(f"{source} is {domain}, expected 0 to {MAX_DOMAIN}")
    scope = environment.get("ROS_AUTOMATIC_DISCOVERY_RANGE", "").upper()
    if scope not in _RANGES:
        raise UsageError(
            f"ROS_AUTOMATIC_DISCOVERY_RANGE is {scope!r}, expected one of "
            + ", ".join(name for name in _RANGES if name)
        )
    local = scope in ("LOCALHOST", "OFF") or environment.get("ROS_LOCALHOST_ONLY") == "1"
    peers = environment.get("ROS_STATIC_PEERS", "").split(";")
    named = tuple(peer.strip() for peer in peers if peer.strip())
    if named and scope in ("OFF", "SYSTEM_DEFAULT"):
        _log.warning("ROS_STATIC_PEERS has no effect with ROS_AUTOMATIC_DISCOVERY_RANGE=%s", scope)
        named = ()
    return Network(domain, local, named, alone=scope == "OFF")


def configuration(network: Network, uri: str = "") -> str:
    """The configuration of Cyclone DDS for a network: XML, and what comes on top.

    Args:
        network: where to look for others.
        uri: the user's own, which wins where both say something, as in ROS 2: XML or files,
            separated by commas; may be empty.
    """
    general = ""
    peers = list(network.peers)
    discovery = ""
    if network.local:
        # The loopback device often has no multicast; then participants are found by their ports.
        # Interfaces of several configurations would add up, so those of the user stand alone.
        device = "" if uri else "<Interfaces><NetworkInterface address='127.0.0.1'/></Interfaces>"
        general = f"<General>{device}<AllowMulticast>false</AllowMulticast></General>"
        peers.insert(0, "127.0.0.1")
        discovery = (
            "<ParticipantIndex>auto</ParticipantIndex>"
            "<MaxAutoParticipantIndex>99</MaxAutoParticipantIndex>"
        )
    if network.alone:
        discovery += f"<Tag>alone_{os.getpid()}</Tag>"
    if peers:
        listed = "".join(f"<Peer address={quoteattr(peer)}/>" for peer in peers)
        discovery += f"<Peers>{listed}</Peers>"
    ours = (
        f'<CycloneDDS><Domain id="any">{general}<Discovery>{discovery}</Discovery>'
        f"<Internal>{_BUFFERS}{_WATERMARKS}</Internal></Domain></CycloneDDS>"
    )
    return f"{ours},{uri}" if uri else ours


def open_domain(network: Network) -> Domain | None:
    """Set Cyclone DDS up for a domain; keep the result while it is used.

    None where somebody else in this process has opened the domain: its settings stay.

    Raises:
        RgbtError: Cyclone DDS refuses.
    """
    uri = os.environ.get(_URI, "")
    if uri:
        _log.info("Cyclone DDS: %s=%s comes on top of what this program sets", _URI, uri)
    with _lock:
        domain = _open.get(network.domain)
        if domain is None:
            try:
                domain = Domain(network.domain, configuration(network, uri))
            except DDSException as error:
                if error.code == DDSException.DDS_RETCODE_PRECONDITION_NOT_MET:
                    _log.warning(
                        "DDS domain %d is open in this process: its settings stay", network.domain
                    )
                    return None
                look = f"; look at {_URI}={uri}" if uri else ""
                raise RgbtError(
                    f"DDS domain {network.domain} cannot be opened ({error}){look}"
                ) from None
            _open[network.domain] = domain
        return domain
