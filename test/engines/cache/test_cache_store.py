"""What counts in the folder, and what is swept away."""

from __future__ import annotations

import errno
import hashlib
import json
import logging
from dataclasses import replace
from pathlib import Path

from plan_records import RECORD

from rgbt_perception.engines.cache.store import PlanStore


def stored(folder, content=b"plan", **changes):
    record = replace(
        RECORD, sha256=hashlib.sha256(content).hexdigest(), size=len(content), **changes
    )
    folder.mkdir(exist_ok=True)
    PlanStore(folder).keep(record, content)
    return record


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_finds_what_was_kept_and_nothing_else(tmp_path):
    store, record = PlanStore(tmp_path), stored(tmp_path)
    found = store.find(record.key)
    assert found is not None
    assert (found.record, found.content) == (record, b"plan")
    assert store.find(replace(record.key, release="other")) is None
    assert PlanStore(tmp_path / "nowhere").find(record.key) is None
    assert PlanStore(tmp_path / "nowhere").records() == []


def test_a_new_plan_of_the_same_key_replaces_the_old_one(tmp_path):
    stored(tmp_path)
    record = stored(tmp_path, b"better plan")
    assert names(tmp_path) == [record.plan_file, f"{record.key.name}.json"]
    assert PlanStore(tmp_path).find(record.key).content == b"better plan"


def test_litter_is_what_no_sidecar_names(tmp_path):
    record = stored(tmp_path)
    name = record.key.name
    litter = [
        f".{name}.json.01234567.tmp",
        f".{name}-000000000000.plan.01234567.tmp",
        f"{name}-000000000000.plan",
        f"{'a' * 32}-000000000000.plan",
        f"{'b' * 32}.json",
    ]
    others = ["notes.json", "model.plan", f"{'c' * 32}.json", f"{'c' * 32}-000000000000.plan"]
    for file in [*litter, *others]:
        (tmp_path / file).write_text("{}")
    # Of a later version of this package: neither read nor touched.
    (tmp_path / others[2]).write_text(json.dumps({"format": 99}))
    store = PlanStore(tmp_path)
    assert [path.name for path in store.litter()] == sorted(litter)
    store.sweep()
    assert names(tmp_path) == sorted([*others, record.plan_file, f"{name}.json"])


def test_what_cannot_be_read_is_named_and_not_swept_away(tmp_path, monkeypatch, caplog):
    """A disk that fails for a moment, or another user's file: the plan may well be whole."""
    store, record = PlanStore(tmp_path), stored(tmp_path)
    sidecar = tmp_path / f"{record.key.name}.json"
    before, read, told = names(tmp_path), Path.read_text, []

    def unreadable(path, *args, **options):
        if path == sidecar:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return read(path, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_text", unreadable)
        assert store.litter() == []
        store.sweep()
        assert store.find(record.key, told.append) is None
        with caplog.at_level(logging.WARNING):
            assert store.records() == []
    assert str(sidecar) in told[0]
    assert "Permission denied" in told[0]
    assert [r.message for r in caplog.records] == [
        f"engine cache: {sidecar} cannot be read (Permission denied)"
    ]
    assert names(tmp_path) == before
    assert store.find(record.key).content == b"plan"


def test_a_refusal_takes_the_plan_away_and_a_plan_the_refusal(tmp_path):
    store, record = PlanStore(tmp_path), stored(tmp_path)
    store.refuse(record)
    assert names(tmp_path) == [f"{record.key.name}.refused"]
    assert store.refusal(record.key) == record
    assert store.find(record.key) is None
    assert store.records() == [(record, False)]
    stored(tmp_path)
    assert store.refusal(record.key) is None


def test_clears_what_is_chosen(tmp_path):
    one = stored(tmp_path)
    key = replace(one.key, onnx_sha256="2" * 64)
    other = stored(tmp_path, b"other", key=key, model="scene")
    store = PlanStore(tmp_path)
    assert [record.model for record, _ in store.records()] == ["confidence_depth", "scene"]
    assert store.clear(lambda record: record.model == "scene") == [other]
    assert names(tmp_path) == [one.plan_file, f"{one.key.name}.json"]
