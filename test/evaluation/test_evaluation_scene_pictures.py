from __future__ import annotations

from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from rgbt_perception.evaluation.moments import Moment
from rgbt_perception.evaluation.scene_pictures import main, scene_row
from rgbt_perception.frames import Mode
from rgbt_perception.scene.classes import SCENE_CLASSES

ROAD, PERSON = (SCENE_CLASSES[index].colour for index in (1, 8))


def test_four_pictures_and_what_the_colours_mean() -> None:
    labels = np.full((48, 64, 3), ROAD, np.uint8)
    labels[:, :32] = PERSON
    red = np.full((48, 64, 3), (200, 0, 0), np.uint8)
    green = np.full((48, 64, 3), (0, 200, 0), np.uint8)
    thermal = np.tile(np.arange(64, dtype=np.uint16), (48, 1))
    depth = np.ones((48, 64), np.float32)
    further = {"fused_picture": green, "label_picture": labels}
    row = scene_row(Moment(0.0, Mode.FULL, depth, None, red, thermal, further=further))
    assert row.shape == (24 + 360 + 24, 4 * 480 + 18, 3)
    assert (row[200, 100] == (200, 0, 0)).all()
    assert row[200, 486 + 20].mean() < row[200, 486 + 460].mean()
    assert (row[200, 972 + 100] == (0, 200, 0)).all()
    # No colour that is no class.
    found = {tuple(pixel) for pixel in row[24:384, 1458:].reshape(-1, 3)}
    assert found == {ROAD, PERSON}
    legend = row[390:400].reshape(-1, 3)
    assert (legend == ROAD).all(axis=1).any()
    assert (legend == PERSON).all(axis=1).any()
    assert not (legend == SCENE_CLASSES[9].colour).all(axis=1).any()


def test_of_a_run(
    synthetic: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = synthetic.write_run(tmp_path, synthetic.Plan(further=True))
    assert main([str(run), "--out", str(tmp_path / "row.jpg"), "--at", "1"]) == 0
    assert cv2.imread(str(tmp_path / "row.jpg")).shape == (24 + 384 + 24, 1938, 3)
    bare = synthetic.write_run(tmp_path / "bare", synthetic.Plan())
    assert main([str(bare), "--out", str(tmp_path / "no.jpg")]) == 1
    assert "replayed with a scene model" in capsys.readouterr().err
    assert not (tmp_path / "no.jpg").exists()
