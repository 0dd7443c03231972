from __future__ import annotations

import logging

import pytest

from rgbt_perception.config import Config, with_run_time_values
from rgbt_perception.config_file import load_config
from rgbt_perception.live.config_watch import ConfigWatch


class Running:
    """Holds the parameters in force."""

    def __init__(self):
        self.config = Config()

    def change(self, values):
        self.config = with_run_time_values(self.config, values)


@pytest.fixture
def watched(tmp_path):
    path = tmp_path / "perception.yaml"
    path.write_text("pairing: {tolerance_s: 0.025}")
    running = Running()
    return path, running, ConfigWatch(path, lambda: load_config(path), running.change)


def test_a_file_that_is_written_is_read_again(watched, caplog):
    path, running, watch = watched
    caplog.set_level(logging.INFO)
    assert not watch.look()
    path.write_text("pairing: {tolerance_s: 0.03}\nhost: {always_compute: true}")
    assert watch.look()
    assert not watch.look()
    assert (running.config.pairing.tolerance_s, running.config.host.always_compute) == (0.03, True)
    # What is no longer in the file has its default again.
    other = path.with_suffix(".new")
    other.write_text("pairing: {tolerance_s: 0.031}")
    path.unlink()
    assert not watch.look()
    other.rename(path)
    assert watch.look()
    assert not running.config.host.always_compute
    assert "read again" in caplog.text


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("pairing: {tolerance_s: 7}", "pairing.tolerance_s = 7.0: expected at most 1"),
        ("engine: {threads: 2}", "engine.threads = 2: fixed at start"),
        ("{", "not YAML"),
    ],
)
def test_what_cannot_be_used_changes_nothing_and_is_told_once(watched, caplog, text, line):
    path, running, watch = watched
    path.write_text(text)
    assert not watch.look()
    assert not watch.look()
    (record,) = caplog.records
    assert line in record.message
    assert record.message.endswith("the parameters stay as they were")
    assert running.config == Config()
