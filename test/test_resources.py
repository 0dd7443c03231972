from __future__ import annotations

import pytest

from rgbt_perception.errors import RgbtError
from rgbt_perception.resources import share


def test_finds_the_source_tree():
    assert share("msg/PerceptionStatus.msg").is_file()
    assert share("package.xml").is_file()


def test_the_ament_index_comes_first(tmp_path, monkeypatch):
    index = tmp_path / "share/ament_index/resource_index/packages"
    index.mkdir(parents=True)
    (index / "rgbt_perception").touch()
    folder = tmp_path / "share/rgbt_perception/msg"
    folder.mkdir(parents=True)
    (folder / "PerceptionStatus.msg").touch()
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"/nowhere:{tmp_path}")
    assert share("msg/PerceptionStatus.msg") == folder / "PerceptionStatus.msg"


def test_a_missing_file_is_named():
    with pytest.raises(RgbtError, match="config/none"):
        share("config/none.yaml")
