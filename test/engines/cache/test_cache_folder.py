"""Where compiled engines are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from rgbt_perception.engines.cache.folder import cache_folder
from rgbt_perception.errors import RgbtError


def test_the_usual_place_and_others(monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_folder() == Path("/home/somebody/.cache/rgbt_perception/engines")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/cache")
    assert cache_folder() == Path("/var/cache/rgbt_perception/engines")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder() == Path("/home/somebody/.cache/rgbt_perception/engines")
    assert cache_folder("/data/engines") == Path("/data/engines")
    assert cache_folder("~/engines") == Path("/home/somebody/engines")


def test_the_home_of_nobody_is_one_line():
    with pytest.raises(RgbtError, match="engine cache ~no-such-user/x: ~no-such-user is nobody"):
        cache_folder("~no-such-user/x")
