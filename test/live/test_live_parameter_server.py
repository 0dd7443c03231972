from __future__ import annotations

import pytest
from service_client import ServiceClient

from rgbt_perception.config import Config, Normalization, parameters
from rgbt_perception.errors import InputError
from rgbt_perception.hosting.interfaces import Qos
from rgbt_perception.live.parameter_messages import value_message
from rgbt_perception.live.parameter_server import ParameterServer
from rgbt_perception.recording.types import RosbagsFactory

MAKE = RosbagsFactory().make
SERVICES = {
    "describe_parameters": "DescribeParameters",
    "get_parameter_types": "GetParameterTypes",
    "get_parameters": "GetParameters",
    "list_parameters": "ListParameters",
    "set_parameters": "SetParameters",
    "set_parameters_atomically": "SetParametersAtomically",
}


@pytest.fixture
def changes():
    return []


@pytest.fixture
def server(node, changes):
    return ParameterServer(node, "/observer", Config(), changes.append)


@pytest.fixture
def ask(server, network):
    """Asks one of the services; the clients are made at their first use."""
    clients = {}

    def do(service, **fields):
        if service not in clients:
            kind = f"rcl_interfaces/srv/{SERVICES[service]}"
            clients[service] = ServiceClient(network.domain, f"/observer/{service}", kind)
        return clients[service].ask(**fields)

    return do


def change(**values):
    """Messages that set parameters; in the names a double underscore stands for the point."""
    return [
        MAKE(
            "rcl_interfaces/msg/Parameter",
            name=name.replace("__", "."),
            value=value_message(MAKE, value),
        )
        for name, value in values.items()
    ]


def test_all_parameters_are_listed_and_read(ask):
    names = [spec.name for spec in parameters()]
    listed = ask("list_parameters", prefixes=[], depth=0).result
    assert listed.names == names
    assert set(listed.prefixes) == {name.split(".")[0] for name in names if "." in name}
    assert ask("list_parameters", prefixes=[], depth=1).result.names == ["rig"]
    only = ask("list_parameters", prefixes=["pairing", "rig"], depth=1).result.names
    assert only == [name for name in names if name.startswith("pairing.") or name == "rig"]

    asked = ["pairing.tolerance_s", "thermal.normalization", "output.cloud_stride", "rig", "no"]
    asked.append("host.always_compute")
    assert ask("get_parameter_types", names=asked).types.tolist() == [3, 4, 2, 4, 0, 1]
    values = ask("get_parameters", names=asked).values
    assert [value.type for value in values] == [3, 4, 2, 4, 0, 1]
    assert values[0].double_value == 0.025
    assert values[1].string_value == Config().thermal.normalization.value
    assert (values[2].integer_value, values[5].bool_value) == (1, False)

    tolerance, normalization, stride, *_, unknown, _ = ask(
        "describe_parameters", names=asked
    ).descriptors
    (limits,) = tolerance.floating_point_range
    assert (limits.from_value, limits.to_value) == (0.0, 1.0)
    assert tolerance.description.endswith("[s]")
    assert normalization.additional_constraints == "one of: fixed, percentile, shoulder, clahe"
    assert (stride.integer_range[0].from_value, stride.integer_range[0].to_value) == (1, 16)
    assert (unknown.name, unknown.type) == ("no", 0)
    assert ask("describe_parameters", names=["rig"]).descriptors[0].read_only


def test_changes_take_effect_or_are_refused_with_the_reason(ask, server, changes, node, until):
    events = []
    node.reader(
        "/parameter_events",
        "rcl_interfaces/msg/ParameterEvent",
        Qos(True, depth=10),
        lambda topic, message, ns: events.append(message),
    )
    until(lambda: node.subscribers("/parameter_events"))
    wanted = change(
        pairing__tolerance_s=0.03,
        thermal__normalization="clahe",
        pairing__timeout_s=900.0,
        engine__threads=3,
        output__cloud_stride="two",
        nothing=1,
    )
    results = ask("set_parameters", parameters=wanted).results
    assert [result.successful for result in results] == [True, True, False, False, False, False]
    reasons = [result.reason for result in results[2:]]
    for reason, part in zip(
        reasons, ("at most 60", "fixed at start", "expected int", "unknown"), strict=True
    ):
        assert part in reason
    assert server.config is changes[-1]
    assert server.config.pairing.tolerance_s == 0.03
    assert server.config.thermal.normalization is Normalization.CLAHE
    until(lambda: len(events) == 2)
    assert {event.node for event in events} == {"/observer"}
    (first,) = events[0].changed_parameters
    assert (first.name, first.value.double_value) == ("pairing.tolerance_s", 0.03)


def test_together_means_all_or_none(ask, server):
    both = {"thermal__range_low": 28000.0, "thermal__range_high": 27000.0}
    refused = ask("set_parameters_atomically", parameters=change(**both)).result
    assert not refused.successful
    assert "range_high" in refused.reason
    assert server.config == Config()
    # Each alone would be refused or not, by their order.
    both = {"thermal__range_low": 70000.0, "thermal__range_high": 80000}
    assert ask("set_parameters_atomically", parameters=change(**both)).result.successful
    assert server.config.thermal.range_low == 70000.0


def test_a_value_of_a_kind_that_no_parameter_has(ask, server):
    (strange,) = change(rig="")
    strange.value.type = 9
    (result,) = ask("set_parameters", parameters=[strange]).results
    assert not result.successful
    assert result.reason.startswith("parameter rig: type 9")
    with pytest.raises(InputError, match="unknown"):
        server.change({"x": 1})
