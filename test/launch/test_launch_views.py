"""The views that are shipped show every output, under its name and with its type."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from rgbt_perception.outputs import (
    CAMERA_INFO,
    CLOUD,
    IMAGE,
    LABEL_INFO,
    STATUS,
    offered_topics,
)
from rgbt_perception.replay import NODE
from rgbt_perception.resources import share
from rgbt_perception.session import Stream

OUTPUTS = {f"{NODE}/{topic}": kind for topic, kind in offered_topics(scene=True).items()}
INPUTS = {
    f"/{stream.value}": IMAGE if stream.value.endswith("image") else CAMERA_INFO
    for stream in (Stream.RGB_IMAGE, Stream.RGB_INFO, Stream.THERMAL_IMAGE, Stream.THERMAL_INFO)
}
KNOWN = {**OUTPUTS, **INPUTS, "/diagnostics": "diagnostic_msgs/msg/DiagnosticArray"}
RVIZ_TYPES = {
    "rviz_default_plugins/Image": IMAGE,
    "rviz_default_plugins/Camera": IMAGE,
    "rviz_default_plugins/PointCloud2": CLOUD,
}
# Key of a Foxglove panel to the types of the topic that it may name.
FOXGLOVE_TYPES = {
    "imageTopic": {IMAGE},
    "calibrationTopic": {CAMERA_INFO},
    "topicToRender": {KNOWN["/diagnostics"]},
    "topicPath": {STATUS, LABEL_INFO},
}


@pytest.fixture(scope="module")
def displays() -> list[dict[str, Any]]:
    tree = yaml.safe_load(share("config/rgbt.rviz").read_text(encoding="utf-8"))
    return tree["Visualization Manager"]["Displays"]


@pytest.fixture(scope="module")
def layout() -> dict[str, Any]:
    return json.loads(share("config/foxglove.json").read_text(encoding="utf-8"))


def named_topics(layout: dict[str, Any]) -> Iterator[tuple[str, set[str]]]:
    """Every topic that a Foxglove panel names, with the types that the panel can show."""
    for identity, panel in layout["configById"].items():
        kind = identity.partition("!")[0]
        for key, value in {**panel, **panel.get("imageMode", {})}.items():
            if key in FOXGLOVE_TYPES:
                yield value, FOXGLOVE_TYPES[key]
        if kind == "3D":
            yield from ((topic, {CLOUD}) for topic in panel["topics"])
        for path in panel.get("paths", []):
            yield path["value"].partition(".")[0], {STATUS}


def test_rviz_names_and_types_are_ours(displays: list[dict[str, Any]]) -> None:
    shown = [d for d in displays if "Topic" in d]
    assert len(shown) >= 8
    for display in shown:
        assert KNOWN[display["Topic"]["Value"]] == RVIZ_TYPES[display["Class"]], display["Name"]
    assert len({d["Name"] for d in displays}) == len(displays)


def test_rviz_shows_every_output_that_it_can(displays: list[dict[str, Any]]) -> None:
    shown = {d["Topic"]["Value"] for d in displays if "Topic" in d}
    can = {topic for topic, kind in OUTPUTS.items() if kind in RVIZ_TYPES.values()}
    assert can <= shown


def test_rviz_hears_ours_reliably_and_cameras_as_they_send(displays: list[dict[str, Any]]) -> None:
    for display in displays:
        if "Topic" in display:
            ours = display["Topic"]["Value"] in OUTPUTS
            expected = "Reliable" if ours else "Best Effort"
            assert display["Topic"]["Reliability Policy"] == expected, display["Name"]
            assert display["Topic"]["Durability Policy"] == "Volatile"


def test_the_camera_display_finds_its_camera_info(displays: list[dict[str, Any]]) -> None:
    cameras = [d for d in displays if d["Class"].endswith("/Camera")]
    assert cameras
    for display in cameras:
        topic = display["Topic"]["Value"].rpartition("/")[0] + "/camera_info"
        assert KNOWN[topic] == CAMERA_INFO


def test_foxglove_names_and_types_are_ours(layout: dict[str, Any]) -> None:
    topics = list(named_topics(layout))
    assert topics
    for topic, kinds in topics:
        assert KNOWN[topic] in kinds, topic


def test_foxglove_shows_every_output(layout: dict[str, Any]) -> None:
    shown = {topic for topic, _ in named_topics(layout)}
    assert set(OUTPUTS) <= shown
    assert set(INPUTS) <= shown


def test_foxglove_reads_fields_that_exist(layout: dict[str, Any]) -> None:
    text = share("msg/PerceptionStatus.msg").read_text(encoding="utf-8")
    fields = set(re.findall(r"^[\w/]+(?:\[\])? (\w+)$", text, re.MULTILINE))
    paths = [p["value"] for panel in layout["configById"].values() for p in panel.get("paths", [])]
    assert paths
    for path in paths:
        assert re.match(r"\w+", path.partition(".")[2])[0] in fields  # type: ignore[index]


def test_every_foxglove_panel_has_its_place(layout: dict[str, Any]) -> None:
    def leaves(node: Any) -> Iterator[str]:
        if isinstance(node, str):
            yield node
        else:
            assert node["direction"] in ("row", "column")
            yield from leaves(node["first"])
            yield from leaves(node["second"])

    assert sorted(leaves(layout["layout"])) == sorted(layout["configById"])
