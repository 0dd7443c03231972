from __future__ import annotations

import time

import numpy as np
import pytest
from service_client import AGAIN_S, ServiceClient

from rgbt_perception.errors import UsageError
from rgbt_perception.live.service_types import reply_type, request_type, service_store
from rgbt_perception.live.topic_names import service_topics

GET = "rcl_interfaces/srv/GetParameterTypes"
# As nodes of ROS 2 Jazzy announce them.
HASHES = {
    "DescribeParameters": (
        "05dd1c2bc87dec2627105c8070d6f9725c781a4f2ab852975bf105462b82b644",
        "ad6747319613c6131589e062e095b469a46cc764f7d0f12a001a49e6cd893995",
    ),
    "GetParameterTypes": (
        "87d7ec5ef545d4daa289d500025d31fb2437bc8b8365ca367161c4dac4be33fd",
        "ac1335dce67c478e669434f6ac2fbff34fcd529580f272d3006785ba8b54e47f",
    ),
    "GetParameters": (
        "135a9e1c3d7cebef792f6687d7ddf99949b21a0bd9a320d863a9110a3f5cf4d6",
        "9fa773b46e39cc5d02db6224d8fd520bb9caeeffc2b27c96c1e59431baba9f2a",
    ),
    "ListParameters": (
        "a1b0b5d6b967a5b8ac5bc8563c3ea678f349e312a6a4967227c5a96bc5ce38df",
        "31b937b82de3612426be79f231e386259f97e8dc843e3f2845288b4bfa296bdd",
    ),
    "SetParameters": (
        "130d46386b7e84ea9ecf60608a4d83cbe5e5cb7c6cc5b712b7a4e3a6c254e932",
        "7a0e8140a0b8d98308fa81a5403a766e610af29a239caf54b7553227906fc266",
    ),
    "SetParametersAtomically": (
        "db0bd950ed5ed867a0e90b225e44dea382d762c0762ff3e0ee842190042a59e5",
        "31b1a38c5b0b9d893ee24da45f69638f4561c78461d82d52750f429b534502b8",
    ),
}


@pytest.mark.parametrize("service", HASHES)
def test_the_types_are_those_of_ros(service):
    name, store = f"rcl_interfaces/srv/{service}", service_store()
    asked, answered = (store.hash_rihs01(kind(name)) for kind in (request_type, reply_type))
    assert (asked, answered) == tuple(f"RIHS01_{digest}" for digest in HASHES[service])


@pytest.fixture
def serving(node):
    """A service that tells how long each name is."""
    reply = service_store().types[reply_type(GET)]

    def lengths(request):
        if "fail" in request.names:
            raise ZeroDivisionError("told to fail")
        return reply(types=np.array([len(name) for name in request.names], np.uint8))

    return node.service("/observer/lengths", GET, lengths, service_store())


@pytest.fixture
def client(network):
    def make(**options):
        return ServiceClient(network.domain, "/observer/lengths", GET, **options)

    return make


def test_each_client_gets_the_replies_to_its_requests(serving, client):
    one, two = client(number=1), client(number=2)
    assert one.ask(names=["a", "bcd"]).types.tolist() == [1, 3]
    assert two.ask(names=[]).types.tolist() == []
    for length in range(5):
        names = ["x" * length]
        assert two.ask(names=names).types.tolist() == one.ask(names=names).types.tolist()
    assert serving.answered == 12


def test_a_reply_waits_for_the_clients_ear(serving, client, until):
    deaf = client(ear=False)
    until(deaf.connected)

    def answered():
        if time.monotonic() >= answered.again:
            deaf.send(names=["abc"])
            answered.again = time.monotonic() + AGAIN_S
        return serving.answered

    answered.again = 0.0
    until(answered)
    deaf.listen()
    until(lambda: [message.types.tolist() for _, _, message in deaf.replies()][:1] == [[3]])


def test_what_cannot_be_read_or_answered_does_not_end_the_service(serving, client, caplog):
    asking = client()
    assert asking.ask(names=["a"]).types.tolist() == [1]
    asking.send_cdr(b"\x00\x01\x00\x00\xff\xff\xff\x7f")
    asking.send(names=["fail"])
    assert asking.ask(names=["ab"]).types.tolist() == [2]
    assert "a request cannot be read" in caplog.text
    assert "told to fail" in caplog.text
    assert serving.answered == 2


def test_a_client_of_another_middleware_is_told_of_and_not_answered(serving, client, until, caplog):
    stranger = client(identity="")
    until(stranger.connected)
    for _ in range(3):
        stranger.send(names=["a"])
    until(lambda: "another middleware" in caplog.text)
    assert client().ask(names=["a"]).types.tolist() == [1]
    assert serving.answered == 1
    assert sum("another middleware" in record.message for record in caplog.records) == 1


def test_names_on_the_wire():
    assert service_topics("/a/set") == ("rq/a/setRequest", "rr/a/setReply")
    with pytest.raises(UsageError, match="'a/set' is not a service"):
        service_topics("a/set")
