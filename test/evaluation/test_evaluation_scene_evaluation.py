"""A run's labels and fused pictures against what is known of them."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from rgbt_perception.cli.main import main
from rgbt_perception.evaluation import scene_evaluation
from rgbt_perception.evaluation.evaluate import evaluate_run, merged, score_run
from rgbt_perception.evaluation.fusion_metrics import fusion_metrics
from rgbt_perception.evaluation.scene_table import label_columns, label_rows, label_table
from rgbt_perception.frames import Mode

KEY = "street/night/smoke"
FULL, RGB_ONLY, THERMAL_ONLY = Mode.FULL, Mode.RGB_ONLY, Mode.THERMAL_ONLY


@pytest.fixture(scope="module")
def plan(synthetic: ModuleType):
    modes = (FULL, FULL, THERMAL_ONLY, FULL)
    return synthetic.Plan(width=64, height=48, modes=modes, labels=True)


@pytest.fixture(scope="module")
def run(synthetic: ModuleType, plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthetic.write_run(tmp_path_factory.mktemp("scene"), plan)


@pytest.fixture(scope="module")
def metrics(run: Path):
    return evaluate_run(run)


def test_labels_of_every_estimate_on_the_same_pixels(synthetic: ModuleType, plan, metrics) -> None:
    score = metrics["conditions"][KEY]["segmentation"]
    assert metrics["conditions"][KEY]["segmentation_frames"] == 3
    assert list(score) == ["fused", "rgb", "thermal"]
    assert score["fused"] == {
        "miou": 1.0,
        "accuracy": 1.0,
        "iou": {"road": 1.0, "building": 1.0, "person": 1.0},
    }
    truth = np.stack([synthetic.true_labels(plan, i) for i in (0, 1, 3)])
    pixels = {i: np.count_nonzero(truth == i) for i in (1, 3, 8)}
    total = sum(pixels.values())
    rgb, thermal = score["rgb"], score["thermal"]
    assert rgb["iou"]["person"] == 0.0
    assert rgb["iou"]["road"] == pytest.approx(pixels[1] / (pixels[1] + pixels[8]))
    assert rgb["miou"] == pytest.approx(np.mean(list(rgb["iou"].values())))
    assert thermal["iou"]["building"] == 0.0
    # A class that the truth does not have is no part of the mean.
    assert "vegetation" not in thermal["iou"]
    assert thermal["accuracy"] == pytest.approx(1 - pixels[3] / total)


def test_frames_of_one_camera_are_apart(metrics) -> None:
    single = metrics["single_camera"][KEY]["THERMAL_ONLY"]
    assert list(single["segmentation"]) == ["fused"]
    assert single["segmentation_frames"] == 1


def test_fused_pictures_against_what_each_camera_saw(synthetic: ModuleType, plan, metrics) -> None:
    assert metrics["fusion_frames"] == 3
    values = []
    for i in (0, 1, 3):
        pictures = synthetic.aligned_pictures(plan, i)
        thermal = pictures["debug/aligned/thermal"]
        rgb = pictures["debug/aligned/rgb"][..., 0]
        visible = np.where(pictures["debug/aligned/rgb_seen"] > 0, rgb, thermal)
        values.append(fusion_metrics(visible, thermal, pictures["fused/image"][..., 0]))
    assert metrics["fusion"].keys() == values[0].keys()
    for name, value in metrics["fusion"].items():
        assert value == pytest.approx(np.mean([v[name] for v in values])), name


def test_of_many_pictures_some_are_scored(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scene_evaluation, "FUSION_FRAMES", 2)
    metrics = evaluate_run(run)
    # Every second of four; the third is of one camera.
    assert metrics["fusion_frames"] == 1
    assert metrics["conditions"][KEY]["segmentation_frames"] == 3


def test_runs_are_merged(run: Path, metrics) -> None:
    both = merged([score_run(run), score_run(run)]).metrics()
    assert both["fusion_frames"] == 6
    assert both["fusion"] == pytest.approx(metrics["fusion"])
    condition = both["conditions"][KEY]
    assert condition["segmentation_frames"] == 6
    assert condition["segmentation"] == metrics["conditions"][KEY]["segmentation"]


def test_labels_without_true_depth(synthetic: ModuleType, tmp_path: Path) -> None:
    plan = synthetic.Plan(modes=(FULL,) * 2, truth=None, labels=True)
    metrics = evaluate_run(synthetic.write_run(tmp_path, plan))
    score = metrics["conditions"][KEY]
    assert score["segmentation"]["fused"]["miou"] == 1.0
    assert score["depth"] == {}
    assert main(["evaluate", str(tmp_path / "run")]) == 0


def test_progress_reaches_the_total(run: Path) -> None:
    seen: list[tuple[int, int]] = []
    score_run(run, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (12, 12)


def test_tables(run: Path, metrics, capsys: pytest.CaptureFixture[str]) -> None:
    columns = label_columns(metrics)
    assert columns[-3:] == ("road", "building", "person")
    rows = {row[1]: dict(zip(columns, row, strict=True)) for row in label_rows(metrics)}
    assert list(rows) == ["fused", "rgb", "thermal", "fused, THERMAL_ONLY"]
    assert rows["fused"]["mIoU"] == rows["fused"]["person"] == "100.0"
    assert rows["rgb"]["person"] == "0.0"
    assert rows["fused, THERMAL_ONLY"]["frames"] == "1"
    assert main(["evaluate", str(run)]) == 0
    told = capsys.readouterr().out
    assert label_table(metrics) in told
    assert "Qabf" in told
    report = (run / "report.html").read_text(encoding="utf-8")
    assert "Labels against ground truth" in report
    assert "Fused picture against its sources" in report


def test_without_labels_there_is_nothing(synthetic: ModuleType, tmp_path: Path) -> None:
    metrics = evaluate_run(synthetic.write_run(tmp_path, synthetic.Plan(modes=(FULL,))))
    assert "fusion" not in metrics
    assert label_table(metrics) == ""
