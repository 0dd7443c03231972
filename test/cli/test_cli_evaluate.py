from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

from rgbt_perception.cli.main import main
from rgbt_perception.evaluation.fusion_metrics import FUSION_METRICS, fusion_metrics
from rgbt_perception.frames import Mode


@pytest.fixture(scope="module")
def synthetic() -> ModuleType:
    path = Path(__file__).parents[1] / "evaluation" / "synthetic_run.py"
    spec = importlib.util.spec_from_file_location("synthetic_run_cli", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_one_run(synthetic: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = synthetic.write_run(tmp_path)
    assert main(["evaluate", str(run)]) == 0
    metrics = json.loads((run / "metrics.json").read_text())
    assert metrics["conditions"]["street/night/smoke"]["depth"]["fused"]["abs_rel"] < 0.11
    assert (run / "report.html").is_file()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("condition")
    assert sum(line.startswith("street/night/smoke") for line in lines) == 6


@pytest.mark.parametrize(
    ("scene", "words", "tables"),
    [
        ("street", [], 1),
        ("street", ["--median-scaled"], 2),
        ("ms2-filtered", [], 2),
    ],
)
def test_figures_scaled_to_the_median(
    synthetic: ModuleType,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    scene: str,
    words: list[str],
    tables: int,
) -> None:
    scene_message = {"scene": scene, "light": "day", "weather": "rain"}
    plan = synthetic.Plan(scene=scene_message, modes=(Mode.FULL,) * 2)
    run = synthetic.write_run(tmp_path, plan)
    assert main(["evaluate", str(run), *words]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum("median" in line for line in lines) == tables - 1
    rows = [line.split() for line in lines if line.startswith(f"{scene}/day/rain")]
    # Every estimate is a multiple of the truth: nothing is left of its error.
    errors = [float(row[3]) for row in rows if row[1] == "rgb"]
    assert errors == pytest.approx([0.5, 0.0][:tables], abs=1e-3)
    assert sum(row[1] == "best" for row in rows) == 2  # not scaled
    assert sum("fused, alone" in line for line in lines) == (2 if scene.startswith("ms2") else 0)
    assert f"{scene}/day/rain" in (run / "report.html").read_text()


def test_several_runs_together(
    synthetic: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [
        synthetic.write_run(tmp_path / "a"),
        synthetic.write_run(tmp_path / "b", synthetic.Plan(scene={"scene": "rescue"})),
    ]
    out = tmp_path / "together"
    assert main(["evaluate", *map(str, runs), "--out", str(out)]) == 0
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["frames"] == 12
    assert len(metrics["conditions"]) == 2
    assert (out / "report.html").is_file()
    assert not (runs[0] / "metrics.json").exists()


def test_without_ground_truth(
    synthetic: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = synthetic.write_run(tmp_path, synthetic.Plan(truth=None))
    assert main(["evaluate", str(run)]) == 0
    metrics = json.loads((run / "metrics.json").read_text())
    assert (metrics["frames"], metrics["ground_truth"], metrics["conditions"]) == (6, False, {})
    assert "no ground truth" in capsys.readouterr().out


@pytest.mark.parametrize("missing", ["source.mcap", "run/perception.mcap", "run/run.json"])
def test_missing_file_is_one_line(
    synthetic: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    run = synthetic.write_run(tmp_path)
    (tmp_path / missing).unlink()
    assert main(["evaluate", str(run)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err.strip().splitlines()) == 1
    assert Path(missing).name in captured.err


def test_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate"]) == 2
    assert "RUN_DIR" in capsys.readouterr().err


@pytest.fixture
def image_folders(tmp_path: Path) -> list[str]:
    rng = np.random.default_rng(1)
    for part in ("vi", "ir", "fused"):
        (tmp_path / part).mkdir()
        for name in ("a", "b"):
            picture = rng.integers(0, 256, (44, 50, 3)).astype(np.uint8)
            cv2.imwrite(str(tmp_path / part / f"{name}.png"), picture)
    (tmp_path / "fused" / "b.png").unlink()
    return [str(tmp_path / part) for part in ("vi", "ir", "fused")]


def test_fused_pictures_of_any_method(
    image_folders: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "scores.json"
    assert main(["evaluate", "--images", *image_folders, "--json", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["pictures", *FUSION_METRICS]
    assert [line.split(" ")[0] for line in lines[1:]] == ["mean", "1", "wrote"]
    tree = json.loads(path.read_text())
    assert set(tree) == {"fusion", "images"}
    grey = [
        cv2.cvtColor(cv2.imread(f"{folder}/a.png"), cv2.COLOR_BGR2GRAY) for folder in image_folders
    ]
    assert tree["fusion"] == pytest.approx(fusion_metrics(*grey))
    assert main(["evaluate", "--images", *image_folders, "--json", str(path), "--per-image"]) == 0
    assert json.loads(path.read_text()) == {**tree, "per_image": {"a": tree["fusion"]}}
    assert capsys.readouterr().out.splitlines()[1].startswith("a  ")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "nothing to evaluate"),
        (["run", "--json", "x.json"], "belong to --images"),
        (["run", "--per-image"], "belong to --images"),
        (["run", "--images", "a", "b", "c"], "--images stands alone"),
        (["--out", "x", "--images", "a", "b", "c"], "--images stands alone"),
    ],
)
def test_runs_and_pictures_do_not_mix(
    capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert main(["evaluate", *words]) == 2
    assert told in capsys.readouterr().err


def test_folders_that_do_not_match(
    image_folders: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (Path(image_folders[1]) / "a.png").unlink()
    assert main(["evaluate", "--images", *image_folders]) == 1
    assert "no picture for 1 of 1 pictures" in capsys.readouterr().err
