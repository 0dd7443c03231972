"""Serves a node's services in a thread of their own: pictures do not wait for them."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from cyclonedds.core import GuardCondition, WaitSet
from cyclonedds.domain import DomainParticipant
from cyclonedds.util import duration

from rgbt_perception.live.services import Service

_AFTER_FAULT_S = 0.1
_FOREVER = duration(weeks=52)
_log = logging.getLogger(__name__)


class ServiceThread:
    """Waits for requests and has them answered, until closed."""

    def __init__(self, participant: DomainParticipant) -> None:
        """Begin without services.

        Args:
            participant: of the node.
        """
        self._services: list[Service] = []
        self._wake: Any = GuardCondition(participant)
        self._waitset: Any = WaitSet(participant)
        self._waitset.attach(self._wake)
        self._running = True
        self._thread = threading.Thread(target=self._serve, name="dds-services", daemon=True)
        self._thread.start()

    def add(self, service: Service) -> None:
        """Serve one more."""
        self._services = [*self._services, service]
        for condition in service.conditions:
            self._waitset.attach(condition)
        self._wake.set(True)

    def gids(self) -> list[tuple[bytes, bytes]]:
        """Identities of the writer and the reader of each service, 16 bytes each."""
        return [service.gids for service in self._services]

    def close(self) -> None:
        """End and drop the services; not from a handler."""
        self._running = False
        self._wake.set(True)
        self._thread.join()
        for service in self._services:
            service.close()
        self._services = []
        self._waitset = self._wake = None

    def _serve(self) -> None:
        while self._running:
            self._waitset.wait(_FOREVER)
            self._wake.set(False)
            for service in self._services:
                try:
                    service.deliver()
                except Exception:
                    # What could not be taken fires again at once.
                    _log.exception("%s: serving failed", service.name)
                    time.sleep(_AFTER_FAULT_S)
