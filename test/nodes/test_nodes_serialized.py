from __future__ import annotations

import ctypes
from contextlib import nullcontext

import numpy as np
import pytest

from rgbt_perception.errors import RgbtError
from rgbt_perception.nodes import serialized


class Publisher:
    """As rclpy's, without a middleware."""

    topic_name = "/points"

    def __init__(self):
        self.published = []
        self.handle = nullcontext()
        self.handle.pointer = 7

    def publish(self, message):
        self.published.append(message)


def test_rcl_gets_the_memory_itself(monkeypatch):
    cdr = np.arange(9, dtype=np.uint8)
    seen = []

    def send(publisher, reference, allocation):
        sample = reference._obj
        address = (sample.buffer, sample.length, sample.capacity)
        seen.append((publisher, *address, ctypes.string_at(sample.buffer, sample.length)))
        return 0

    monkeypatch.setattr(serialized, "_rcl_publish", lambda: send)
    serialized.publish_cdr(Publisher(), cdr)
    assert seen == [(7, cdr.ctypes.data, 9, 9, cdr.tobytes())]


def test_what_rcl_refuses_is_an_error_that_names_the_topic(monkeypatch):
    monkeypatch.setattr(serialized, "_rcl_publish", lambda: lambda *arguments: 300)
    with pytest.raises(RgbtError, match=r"/points.*300"):
        serialized.publish_cdr(Publisher(), np.zeros(4, np.uint8))


def test_without_the_library_of_rcl_bytes_are_published(monkeypatch):
    monkeypatch.setattr(serialized, "_rcl_publish", lambda: None)
    publisher = Publisher()
    serialized.publish_cdr(publisher, np.arange(4, dtype=np.uint8))
    assert publisher.published == [b"\0\1\2\3"]


def test_other_messages_are_published_as_they_are():
    publisher = Publisher()
    serialized.publish(publisher, "message")
    assert publisher.published == ["message"]
