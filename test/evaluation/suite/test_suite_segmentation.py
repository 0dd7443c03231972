"""The section's arithmetic by hand, and its command on a tiny recording."""

from __future__ import annotations

import json

import numpy as np
import pytest
from tiny_accuracy import HEIGHT, WIDTH, KnownErrors, write_recording

from rgbt_perception.engines import scene_exchange
from rgbt_perception.evaluation.ground_truth import Condition
from rgbt_perception.evaluation.suite import segmentation_command as command
from rgbt_perception.evaluation.suite.labelled import LabelledPair
from rgbt_perception.evaluation.suite.segmentation import SegmentationSection
from rgbt_perception.scene.classes import SCENE_CLASSES

ROAD, PERSON = 1, 8


def true_labels():
    """Left half people, right half road, the top unlabelled."""
    labels = np.full((HEIGHT, WIDTH), ROAD, np.uint8)
    labels[:, : WIDTH // 2] = PERSON
    labels[:4] = 0
    return labels


class KnownLabels:
    """A scene engine: right with both cameras; one alone misses some of the people on the left.

    RGB finds a quarter of the picture's width, thermal three eighths.
    """

    name, model, digest = "known labels", "known_labels", "1" * 64
    outputs, metadata = scene_exchange.OUTPUTS, {}
    inputs = scene_exchange.input_shapes(HEIGHT, WIDTH)

    def run(self, inputs, outputs):
        reach = WIDTH // 2
        if not inputs["thermal_mask"].any():
            reach = WIDTH // 4
        elif not inputs["rgb_mask"].any():
            reach = 3 * WIDTH // 8
        logits = np.zeros((1, len(SCENE_CLASSES), HEIGHT, WIDTH), np.float32)
        logits[:, ROAD] = 1.0
        logits[:, PERSON, :, :reach] = 2.0
        half = np.full((1, 1, HEIGHT, WIDTH), 0.5, np.float32)
        values = {"fused": half, "weight": half, "logits": logits}
        return {name: values[name] for name in outputs}


def pair(condition, **reaches):
    """A pair whose estimates find people up to a column."""

    def found(reach):
        labels = np.full((HEIGHT, WIDTH), ROAD, np.uint8)
        labels[:, :reach] = PERSON
        return labels

    return LabelledPair(true_labels(), {k: found(v) for k, v in reaches.items()}, condition)


def checks(section):
    return {check.name.split(" of fused ")[1]: check for check in section.result().checks}


def miou(reach):
    """Of 40 columns the first 20 are people."""
    return (reach / 20 + 20 / (40 - reach)) / 2


def test_leads_by_hand():
    section = SegmentationSection()
    night = Condition("street", "night", "clear")
    fog = Condition("rescue", "dusk", "fog")
    section.add([pair(night, fused=20, rgb=10, thermal=16)])
    section.add([pair(fog, fused=15, rgb=10, thermal=16)])
    section.add([pair(Condition("street", "day", "clear"), fused=19, rgb=20, thermal=0)])
    found = checks(section)
    above = "above the better camera's, points, "
    assert found[f"{above}all of night"].measured == pytest.approx(100 * (1 - miou(16)))
    assert found[f"{above}all of night"].passed
    assert found[f"{above}all of fog"].measured == pytest.approx(100 * (miou(15) - miou(16)))
    worst = found[f"{above}every condition of these"]
    assert (worst.where, worst.passed) == ("rescue/dusk/fog", False)
    assert worst.measured == found[f"{above}all of fog"].measured
    assert f"{above}all of smoke" not in found
    day = found["above rgb's, points, all of day"]
    assert day.measured == pytest.approx(100 * (miou(19) - 1))
    assert not day.passed
    assert day.limit == -1.0
    people = found["/ rgb, all of night"]
    assert people.measured == pytest.approx(2.0)
    assert (people.limit, people.passed) == (1.3, True)


def test_tables_hold_every_condition_group_and_class():
    section = SegmentationSection()
    for scene in ("street", "rescue"):
        section.add([pair(Condition(scene, "night", "smoke"), fused=20, rgb=10, thermal=16)])
    by_condition, by_class = section.result().tables
    names = [row[0] for row in by_condition.rows]
    assert names[:2] == ["rescue/night/smoke", "street/night/smoke"]
    assert names[2:] == [*(f"all of {n}" for n in ("night", "rescue", "smoke", "street")), "all"]
    assert by_condition.rows[-1][1] == "2"
    assert by_condition.rows[-1][2:5] == ("100.0", f"{100 * miou(10):.1f}", f"{100 * miou(16):.1f}")
    rows = {row[0]: row[1:] for row in by_class.rows}
    assert rows == {
        "road": ("50.0", "100.0", "66.7", "83.3"),
        "person": ("50.0", "100.0", "50.0", "80.0"),
    }


def test_a_light_that_is_missing_is_not_passed():
    section = SegmentationSection()
    section.add([pair(Condition("street", "day", "clear"), fused=20, rgb=10, thermal=16)])
    verdicts = {name: check.passed for name, check in checks(section).items()}
    assert verdicts["above rgb's, points, every condition by day"]
    assert not verdicts["above the better camera's, points, every condition of these"]


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "make_engine", lambda config: KnownErrors())
    monkeypatch.setattr(command, "make_scene_engine", lambda config, model: KnownLabels())

    def call(*words):
        return command.main(["--out", str(tmp_path / "out"), *map(str, words)])

    return call


def test_the_command_on_a_folder(tmp_path, run, capsys):
    folder = tmp_path / "data"
    folder.mkdir()
    for light in ("day", "night"):
        condition = ("street", light, "smoke")
        write_recording(folder / f"{light}.mcap", condition, pairs=2, labels=true_labels())
    assert run("--recordings", folder) == 0
    tree = json.loads((tmp_path / "out" / "segmentation.json").read_text())
    assert tree["passed"]
    scores = tree["sections"]["segmentation"]["conditions"]["street/night/smoke"]
    assert scores["fused"]["miou"] == 1.0
    # Interpolated at the network's own size, so exact.
    assert scores["rgb"]["miou"] == pytest.approx(miou(10))
    assert scores["thermal"]["miou"] == pytest.approx(miou(15))
    text = (tmp_path / "out" / "segmentation.md").read_text()
    assert text.startswith("# Segmentation\n")
    assert "## " not in text
    assert "| street/night/smoke | 2 | 100.0 |" in text
    assert "6 of 6 passed" in capsys.readouterr().out


def test_the_command_renders_the_same_recordings_as_the_accuracy_suite(tmp_path, run, monkeypatch):
    asked = []

    def render(specs, folder, processes, progress):
        asked.extend(specs)
        path = folder / "one.mcap"
        folder.mkdir(exist_ok=True)
        return [write_recording(path, ("street", "day", "fog"), pairs=1, labels=true_labels())]

    monkeypatch.setattr(command, "render_missing", render)
    words = ["--first-seed", 700000, "--seeds-per-condition", 1, "--data", tmp_path / "data"]
    assert run(*words) == 0
    assert [spec.seed for spec in asked] == list(range(700000, 700016))


def test_what_is_wrong_is_told(tmp_path, run, capsys):
    assert run("--recordings", tmp_path) == 1
    assert "holds no recording" in capsys.readouterr().err
    write_recording(tmp_path / "bare.mcap", pairs=1)
    assert run("--recordings", tmp_path) == 1
    assert "bare.mcap: no pair of both cameras with true labels" in capsys.readouterr().err
    assert run("--scene-model", "") == 2
    assert "--scene-model" in capsys.readouterr().err
