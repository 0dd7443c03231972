"""The three hosts have one core: none of them brings its own."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import rgbt_perception

ROOT = Path(rgbt_perception.__file__).parent
HOSTS = {
    "recordings": [ROOT / "replay.py"],
    "DDS": sorted((ROOT / "live").rglob("*.py")),
    "ROS": sorted((ROOT / "nodes").glob("*.py")),
}
# What computes, pairs, decodes, builds messages and judges, and the one place that has it.
CORE = {
    "Session": "rgbt_perception.session",
    "Stream": "rgbt_perception.session",
    "Pairer": "rgbt_perception.sensing.pairing",
    "DepthPipeline": "rgbt_perception.pipeline",
    "build_outputs": "rgbt_perception.outputs",
    "Runner": "rgbt_perception.hosting.runner",
    "Health": "rgbt_perception.hosting.health",
}
USED = {
    "recordings": {"Session", "Stream"},
    "DDS": {"Session", "Stream", "Runner", "Health"},
    "ROS": {"Session", "Stream", "Runner", "Health"},
}


def names(files):
    """Names imported with where from, and names defined, in some files."""
    imported, defined = {}, set()
    for path in files:
        for item in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(item, ast.ImportFrom) and item.module:
                imported.update({alias.name: item.module for alias in item.names})
            elif isinstance(item, (ast.ClassDef, ast.FunctionDef)):
                defined.add(item.name)
    return imported, defined


@pytest.mark.parametrize("host", HOSTS)
def test_the_core_is_the_same_object_in_every_host(host):
    imported, defined = names(HOSTS[host])
    assert USED[host] <= imported.keys()
    assert {name: imported[name] for name in CORE if name in imported}.items() <= CORE.items()
    assert not defined & CORE.keys()


@pytest.mark.parametrize("host", ["DDS", "ROS"])
def test_pairs_and_results_are_made_by_the_session_alone(host):
    """A live host neither pairs, nor computes, nor builds outputs beside it."""
    imported, _ = names(HOSTS[host])
    assert not {"Pairer", "build_outputs"} & imported.keys()
    assert "onnxruntime" not in imported.values()
