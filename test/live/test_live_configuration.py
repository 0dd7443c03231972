from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from cyclonedds.domain import Domain
from hypothesis import given
from hypothesis import strategies as st

from rgbt_perception.errors import RgbtError, UsageError
from rgbt_perception.live.configuration import (
    Network,
    configuration,
    network_from_environment,
)
from rgbt_perception.live.transport import DdsNode
from rgbt_perception.resources import share


def values(xml):
    """Text and attributes of every element below Internal, by name."""
    root = ElementTree.fromstring(xml)
    internal = next(e for e in root.iter() if e.tag.endswith("Internal"))
    return {e.tag.rpartition("}")[2]: (e.attrib, (e.text or "").strip()) for e in internal.iter()}


@pytest.mark.parametrize(
    ("domain", "environment", "expected"),
    [
        (None, {}, Network(0)),
        (None, {"ROS_DOMAIN_ID": "7"}, Network(7)),
        (None, {"ROS_DOMAIN_ID": ""}, Network(0)),
        (3, {"ROS_DOMAIN_ID": "seven"}, Network(3)),
        (None, {"ROS_LOCALHOST_ONLY": "1"}, Network(0, local=True)),
        (None, {"ROS_AUTOMATIC_DISCOVERY_RANGE": "localhost"}, Network(0, local=True)),
        (None, {"ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET"}, Network(0)),
        (None, {"ROS_STATIC_PEERS": "10.0.0.2; robot"}, Network(0, False, ("10.0.0.2", "robot"))),
        (
            None,
            {"ROS_STATIC_PEERS": "10.0.0.2", "ROS_AUTOMATIC_DISCOVERY_RANGE": "OFF"},
            Network(0, local=True, alone=True),
        ),
        (
            None,
            {"ROS_STATIC_PEERS": "10.0.0.2", "ROS_AUTOMATIC_DISCOVERY_RANGE": "SYSTEM_DEFAULT"},
            Network(0),
        ),
    ],
)
def test_the_variables_of_ros_say_where(domain, environment, expected):
    assert network_from_environment(domain, environment) == expected


@pytest.mark.parametrize(
    ("domain", "environment", "line"),
    [
        (233, {}, "--domain is 233, expected 0 to 232"),
        (None, {"ROS_DOMAIN_ID": "-1"}, "ROS_DOMAIN_ID is -1, expected 0 to 232"),
        (None, {"ROS_DOMAIN_ID": "x"}, "ROS_DOMAIN_ID is 'x', expected a number"),
        (
            None,
            {"ROS_AUTOMATIC_DISCOVERY_RANGE": "MOON"},
            "is 'MOON', expected one of SUBNET, LOCALHOST, OFF, SYSTEM_DEFAULT",
        ),
    ],
)
def test_what_ros_would_not_understand_is_refused(domain, environment, line):
    with pytest.raises(UsageError, match=line):
        network_from_environment(domain, environment)


def test_the_file_for_ros_says_what_the_programs_apply():
    text = share("config/cyclonedds.xml").read_text(encoding="utf-8")
    expected = values(configuration(Network(0)))
    assert values(text) == expected
    assert expected["SocketReceiveBufferSize"][0] == {"min": "default", "max": "4MB"}


@given(st.lists(st.text("a1.:'\"<>&ä", max_size=9), max_size=3))
def test_any_peer_is_well_formed_xml(peers):
    root = ElementTree.fromstring(configuration(Network(0, peers=tuple(peers))))
    assert [peer.get("address") for peer in root.iter("Peer")] == peers


def test_a_local_network_is_bound_to_the_loopback_device():
    root = ElementTree.fromstring(configuration(Network(0, local=True)))
    assert [e.get("address") for e in root.iter("NetworkInterface")] == ["127.0.0.1"]
    assert not list(ElementTree.fromstring(configuration(Network(0))).iter("NetworkInterface"))


INTERFACE = (
    '<CycloneDDS><Domain id="any"><General><Interfaces><NetworkInterface name="{}"/>'
    "</Interfaces></General></Domain></CycloneDDS>"
)


def test_cyclonedds_uri_comes_on_top_of_the_discovery_range(network):
    uri = INTERFACE.format("lo")
    ours, _, theirs = configuration(Network(3, local=True, peers=("robot",)), uri).partition(",")
    assert theirs == uri
    root = ElementTree.fromstring(ours)
    assert [peer.get("address") for peer in root.iter("Peer")] == ["127.0.0.1", "robot"]
    assert [e.text for e in root.iter("AllowMulticast")] == ["false"]
    # Interfaces of both would add up.
    assert not list(root.iter("NetworkInterface"))


def test_cyclonedds_uri_wins(network, monkeypatch, tmp_path):
    """Where both say something its word counts: here one that lets nothing start."""
    path = tmp_path / "c.xml"
    path.write_text(INTERFACE.format("no-such-device"))
    monkeypatch.setitem(os.environ, "CYCLONEDDS_URI", f"file://{path}")
    with pytest.raises(RgbtError, match=r"cannot be opened .*; look at CYCLONEDDS_URI=file"):
        DdsNode("x", network=network)


def test_with_cyclonedds_uri_others_are_found_within_the_range(network, monkeypatch, until):
    monkeypatch.setitem(os.environ, "CYCLONEDDS_URI", INTERFACE.format("lo"))
    alone = dataclasses.replace(network, domain=1 + (network.domain + 50) % 99, alone=True)
    program = (
        "import sys; from rgbt_perception.live.transport import DdsNode; from "
        "rgbt_perception.live.configuration import Network\n"
        f"with DdsNode('one', network=Network({network.domain}, local=True)), "
        f"DdsNode('two', network=Network({alone.domain}, local=True)):\n print(); sys.stdin.read()"
    )
    with (
        subprocess.Popen(
            [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as other,
        DdsNode("x", network=network) as node,
        DdsNode("y", network=alone) as lonely,
    ):
        other.stdout.readline()
        until(lambda: node.nodes() == ["/one", "/x"])
        assert lonely.nodes() == ["/y"]
        other.stdin.close()


def test_a_domain_that_somebody_else_has_opened_is_joined(network, caplog, until):
    other = Domain(network.domain, configuration(network, ""))
    with (
        DdsNode("one", network=network) as one,
        DdsNode("two", network=network) as two,
    ):
        until(lambda: {"/one", "/two"} <= set(one.nodes()) & set(two.nodes()))
    assert "is open in this process: its settings stay" in caplog.text
    del other
