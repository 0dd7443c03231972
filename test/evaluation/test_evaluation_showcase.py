from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType

import cv2
import pytest

from rgbt_perception.errors import InputError, RgbtError
from rgbt_perception.evaluation.report import write_report
from rgbt_perception.evaluation.showcase import write_showcase

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the browser is a shell script here")


def fake_browser(folder: Path, line: str) -> str:
    path = folder / "browser"
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)
    return str(path)


DRAWS = 'for word in "$@"; do case "$word" in --screenshot=*) echo "$@" > "${word#*=}";; esac; done'


def test_pictures_of_a_run(synthetic: ModuleType, tmp_path: Path) -> None:
    run = synthetic.write_run(tmp_path, synthetic.Plan(cloud=True))
    write_report(run)
    written = write_showcase(run, tmp_path, fake_browser(tmp_path, DRAWS))
    assert [path.name for path in written] == ["sample.png", "cloud.png", "report.png"]
    sample, cloud = (cv2.imread(str(path)) for path in written[:2])
    assert sample.shape[1] == 1400
    assert cloud.shape == (480, 1280, 3)
    assert (run / "report.html").resolve().as_uri() in written[2].read_text()


def test_browser_that_draws_nothing(synthetic: ModuleType, tmp_path: Path) -> None:
    run = synthetic.write_run(tmp_path, synthetic.Plan(cloud=True))
    write_report(run)
    with pytest.raises(RgbtError, match="out of order"):
        write_showcase(run, tmp_path, fake_browser(tmp_path, "echo out of order >&2"))


def test_run_without_a_report(synthetic: ModuleType, tmp_path: Path) -> None:
    run = synthetic.write_run(tmp_path)
    with pytest.raises(InputError, match="expected contact_sheet"):
        write_showcase(run, tmp_path, "none")
