"""Asks a service as a node of ROS 2 with Cyclone DDS does."""

from __future__ import annotations

import struct
import time

from cyclonedds.domain import DomainParticipant
from cyclonedds.internal import InvalidSample
from cyclonedds.pub import DataWriter
from cyclonedds.sub import DataReader
from cyclonedds.topic import Topic

from rgbt_perception.hosting.interfaces import Qos
from rgbt_perception.live.quality import reader_qos, writer_qos
from rgbt_perception.live.service_types import reply_type, request_type, service_store
from rgbt_perception.live.topic_names import service_topics
from rgbt_perception.live.wire_types import wire_type

QOS = Qos(reliable=True, depth=100)
# A request that is sent before the service knows this client's writer is lost, as in ROS 2.
AGAIN_S = 5.0


class ServiceClient:
    """One client of one service, in a participant of its own."""

    def __init__(self, domain, service, type_name, *, number=7, ear=True, identity=None):
        self.number, self.sequence = number, 0
        self.request, self.reply = request_type(type_name), reply_type(type_name)
        self.participant = DomainParticipant(domain)
        self.identity = f"clientid= {number:x}.0.1;" if identity is None else identity
        ask, self.answer = service_topics(service)
        self.kind = wire_type(self.request, None)
        self.writer = DataWriter(
            self.participant,
            Topic(self.participant, ask, self.kind),
            writer_qos(QOS, "", self.identity),
        )
        self.reader = None
        # Stands for no client: who gives it up knows the service's other end all the same.
        self.probe = self.reading("")
        if ear:
            self.listen()

    def listen(self):
        self.reader = self.reading(self.identity)

    def reading(self, identity):
        kind = wire_type(self.reply, None)
        topic = Topic(self.participant, self.answer, kind)
        return DataReader(self.participant, topic, reader_qos(QOS, "", identity))

    def connected(self):
        """Whether both ends know the service."""
        ends = [self.writer.get_publication_matched_status().current_count]
        for reader in (self.reader, self.probe):
            if reader is not None:
                ends.append(reader.get_subscription_matched_status().current_count)
        return all(ends)

    def send(self, **fields):
        """Ask; the number of the request."""
        store = service_store()
        message = store.types[self.request](**fields)
        self.send_cdr(bytes(store.serialize_cdr(message, self.request)))
        return self.sequence

    def send_cdr(self, data):
        self.sequence += 1
        sample = self.kind.__new__(self.kind)
        sample.cdr = data[:4] + struct.pack("<Qq", self.number, self.sequence) + data[4:]
        self.writer.write(sample)

    def replies(self):
        """Everything that came since, of all clients: client, request's number and message."""
        found = []
        for sample in self.reader.take(N=100):
            if not isinstance(sample, InvalidSample):
                data = bytes(sample.cdr)
                client, number = struct.unpack("<Qq", data[4:20])
                message = service_store().deserialize_cdr(data[:4] + data[20:], self.reply)
                found.append((client, number, message))
        return found

    def ask(self, **fields):
        """Ask and wait for the reply."""
        end = time.monotonic() + 60
        while not self.connected():
            assert time.monotonic() < end, "no service"
            time.sleep(0.01)
        first, again = self.sequence + 1, 0.0
        while True:
            if time.monotonic() >= again:
                self.send(**fields)
                again = time.monotonic() + AGAIN_S
            for client, answered, message in self.replies():
                if client == self.number and answered >= first:
                    return message
            assert time.monotonic() < end, "no reply"
            time.sleep(0.005)
