"""The folder of plans: ``NAME-….plan`` and beside it ``NAME.json``, which says what it is.

A plan counts from the moment its sidecar is there, which names it and holds its checksum; both are
written whole or not at all. So reading needs no lock, and whatever a killed process leaves counts
for nothing until it is swept away. ``NAME.refused`` tells of a plan that failed its comparison: it
is not built again at every start.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rgbt_perception.engines.cache.atomic_file import is_temporary, reason, write_whole
from rgbt_perception.engines.cache.key import PlanKey
from rgbt_perception.engines.cache.record import OtherFormatError, PlanRecord, record_of
from rgbt_perception.errors import InputError

_log = logging.getLogger(__name__)

WRITING = threading.Lock()
"""Held while something is written: who ends the process under it leaves nothing half done."""

_OURS = re.compile(r"([0-9a-f]{32})(?:\.json|\.refused|-[0-9a-f]{12}\.plan)")


@dataclass(frozen=True)
class StoredPlan:
    """A plan that is whole.

    Attributes:
        record: what it is.
        content: for the runtime.
    """

    record: PlanRecord
    content: bytes


class PlanStore:
    """Reads from any thread and process; writing and sweeping want the folder's lock.

    Attributes:
        folder: need not exist.
    """

    def __init__(self, folder: Path) -> None:
        """Name the folder."""
        self.folder = folder

    def find(
        self, key: PlanKey, damaged: Callable[[str], None] = lambda why: None
    ) -> StoredPlan | None:
        """The plan of a key, if there is one and it is whole.

        Args:
            key: what it must be of, in every part.
            damaged: told in one line what is wrong with one that is there and not whole.
        """
        sidecar = self.folder / f"{key.name}.json"
        try:
            record = _read(sidecar)
            if record.key != key:
                damaged(f"{sidecar} is of another plan")
                return None
            content = (self.folder / record.plan_file).read_bytes()
        except FileNotFoundError as error:
            if error.filename != str(sidecar):
                damaged(f"{error.filename} is missing")
            return None
        except (OSError, InputError) as error:
            damaged(f"{sidecar} cannot be used ({error})")
            return None
        if len(content) != record.size or hashlib.sha256(content).hexdigest() != record.sha256:
            damaged(f"{self.folder / record.plan_file} is damaged (wrong checksum)")
            return None
        return StoredPlan(record, content)

    def refusal(self, key: PlanKey) -> PlanRecord | None:
        """What is known of a plan of this key that failed its comparison."""
        try:
            record = _read(self.folder / f"{key.name}.refused")
        except (OSError, InputError):
            return None
        return record if record.key == key else None

    def keep(self, record: PlanRecord, content: bytes) -> None:
        """Store a plan; one of the same key is replaced.

        Raises:
            OSError: it cannot be written; what was there before stays.
        """
        plan = self.folder / record.plan_file
        with WRITING:
            try:
                write_whole(plan, content)
                write_whole(self.folder / f"{record.key.name}.json", _text(record))
            except BaseException:
                if self._named(record.key.name) != plan.name:
                    with suppress(OSError):
                        plan.unlink(missing_ok=True)
                raise
            self._remove(f"{record.key.name}.refused")
            self.sweep()

    def refuse(self, record: PlanRecord) -> None:
        """Remember a plan that failed its comparison; one of the same key counts no more.

        Raises:
            OSError: it cannot be written.
        """
        with WRITING:
            self._remove(f"{record.key.name}.json")
            write_whole(self.folder / f"{record.key.name}.refused", _text(record))
            self.sweep()

    def records(self) -> list[tuple[PlanRecord, bool]]:
        """Every plan's description, by model, and whether it is one that can be used.

        One that cannot be read is named in the log.

        Raises:
            OSError: the folder cannot be read.
        """
        found = []
        for name in self._files():
            if name.endswith((".json", ".refused")):
                try:
                    found.append((_read(self.folder / name), name.endswith(".json")))
                except FileNotFoundError:
                    pass  # another process has just removed it
                except OSError as error:
                    _log.warning(
                        "engine cache: %s cannot be read (%s)", error.filename, reason(error)
                    )
                except InputError:
                    pass  # litter
        return sorted(found, key=lambda item: (item[0].model, item[0].built))

    def clear(self, chosen: Callable[[PlanRecord], bool]) -> list[PlanRecord]:
        """Remove plans and refusals; a process that uses one at the moment is not disturbed.

        Args:
            chosen: whether one is to be removed.

        Returns:
            The descriptions of what was removed.

        Raises:
            OSError: something cannot be removed.
        """
        removed = []
        for record, usable in self.records():
            if not chosen(record):
                continue
            # The sidecar first: without it the plan counts for nothing.
            (self.folder / f"{record.key.name}{'.json' if usable else '.refused'}").unlink(True)
            if usable:
                (self.folder / record.plan_file).unlink(True)
            removed.append(record)
        return removed

    def litter(self) -> list[Path]:
        """Files that killed processes or damage left and that count for nothing."""
        files = set(self._files())
        return sorted(self.folder / name for name in files if self._is_litter(name))

    def sweep(self) -> None:
        """Remove the litter as far as possible; under the lock, since others' work looks alike."""
        with suppress(OSError):
            for path in self.litter():
                path.unlink(missing_ok=True)

    def _files(self) -> Iterator[str]:
        if self.folder.is_dir():
            yield from (path.name for path in self.folder.iterdir())

    def _is_litter(self, name: str) -> bool:
        if is_temporary(name):
            return True
        match = _OURS.fullmatch(name)
        if match is None:
            return False
        if name.endswith(".plan"):
            return self._named(match[1]) not in (name, None)
        try:
            record = _read(self.folder / name)
        except (OtherFormatError, OSError):
            # What cannot be read now may well be whole.
            return False
        except InputError:
            return True
        return name.endswith(".json") and not (self.folder / record.plan_file).exists()

    def _named(self, name: str) -> str | None:
        """The file that a sidecar names, empty without a sidecar; None when nobody can say."""
        try:
            return _read(self.folder / f"{name}.json").plan_file
        except (FileNotFoundError, InputError) as error:
            return None if isinstance(error, OtherFormatError) else ""
        except OSError:
            return None

    def _remove(self, name: str) -> None:
        (self.folder / name).unlink(missing_ok=True)


def _read(path: Path) -> PlanRecord:
    try:
        return record_of(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise InputError("no text") from None


def _text(record: PlanRecord) -> bytes:
    return (json.dumps(record.as_json(), indent=2) + "\n").encode()
