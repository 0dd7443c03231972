from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from rgbt_perception.errors import InputError
from rgbt_perception.evaluation.evaluate import evaluate_run, merged, score_run, write_metrics
from rgbt_perception.frames import Mode

KEY = "street/night/smoke"
FULL, RGB_ONLY, THERMAL_ONLY = Mode.FULL, Mode.RGB_ONLY, Mode.THERMAL_ONLY


def test_every_estimate_gets_its_error(synthetic: ModuleType, tmp_path: Path) -> None:
    metrics = evaluate_run(synthetic.write_run(tmp_path))
    assert metrics["frames"] == 6
    assert metrics["ground_truth"] is True
    score = metrics["conditions"][KEY]
    assert score["frames"] == 6
    depth = score["depth"]
    assert list(depth) == ["fused", "rgb", "thermal", "ungated"]
    assert depth["fused"]["abs_rel"] == pytest.approx(0.1, rel=1e-5)
    assert depth["rgb"]["abs_rel"] == pytest.approx(0.5, rel=1e-5)
    assert depth["thermal"]["abs_rel"] == pytest.approx(0.2, rel=1e-5)
    assert depth["ungated"]["abs_rel"] == pytest.approx(0.2, rel=1e-5)
    assert depth["rgb"]["delta1"] == 0.0
    assert depth["rgb"]["delta2"] == 1.0
    assert score["depth_median_scaled"]["rgb"]["abs_rel"] == pytest.approx(0.0, abs=1e-5)
    assert score["coverage"] == 1.0
    assert score["confidence"]["abs_rel_keep70"] == pytest.approx(0.1, rel=1e-5)
    baselines = score["baselines"]
    assert 0.0 < baselines["row"]["abs_rel"] < baselines["constant"]["abs_rel"]
    assert "segmentation" not in score
    assert "fusion" not in metrics
    assert "unscored" not in metrics


def test_all_estimates_share_their_pixels(synthetic: ModuleType, tmp_path: Path) -> None:
    # The nearest rows are unknown to one estimate: nobody is scored there.
    whole = evaluate_run(synthetic.write_run(tmp_path / "whole"))
    plan = synthetic.Plan(unknown_rows={"thermal": 10})
    part = evaluate_run(synthetic.write_run(tmp_path / "part", plan))
    for estimate in ("fused", "rgb", "ungated"):
        before = whole["conditions"][KEY]["depth"][estimate]["rmse"]
        after = part["conditions"][KEY]["depth"][estimate]["rmse"]
        assert after > 1.1 * before
    assert part["conditions"][KEY]["coverage"] == 1.0


def test_the_fused_depth_alone_is_scored_where_others_know_nothing(
    synthetic: ModuleType, tmp_path: Path
) -> None:
    whole = evaluate_run(synthetic.write_run(tmp_path / "whole"))["conditions"][KEY]
    plan = synthetic.Plan(unknown_rows={"rgb": 10})
    part = evaluate_run(synthetic.write_run(tmp_path / "part", plan))["conditions"][KEY]
    assert part["fused_alone"] == whole["fused_alone"]
    assert whole["fused_alone"]["depth"] == whole["depth"]["fused"]
    assert part["depth"]["fused"]["rmse"] > 1.1 * part["fused_alone"]["depth"]["rmse"]
    scaled = part["fused_alone"]["depth_median_scaled"]
    assert scaled["abs_rel"] == pytest.approx(0.0, abs=1e-5)


def test_a_sparse_truth_keeps_its_points_on_a_coarser_output(
    synthetic: ModuleType, tmp_path: Path
) -> None:
    # The pixel nearest to the centre of an output pixel is one whose truth is unknown.
    plan = synthetic.Plan(output_scale=2, truth_every=2)
    score = evaluate_run(synthetic.write_run(tmp_path, plan))["conditions"][KEY]
    assert score["frames"] == 6
    assert score["coverage"] == 1.0


def test_coverage_is_the_answered_share(synthetic: ModuleType, tmp_path: Path) -> None:
    plan = synthetic.Plan(unknown_rows={"fused": 7})
    metrics = evaluate_run(synthetic.write_run(tmp_path, plan))
    # 32 rows, the first 4 without truth.
    assert metrics["conditions"][KEY]["coverage"] == pytest.approx(21 / 28)


def test_answers_without_truth_do_not_count(synthetic: ModuleType, tmp_path: Path) -> None:
    plan = synthetic.Plan(unknown_rows={"fused": 7}, sky_m=50.0)
    metrics = evaluate_run(synthetic.write_run(tmp_path, plan))
    assert metrics["conditions"][KEY]["coverage"] == pytest.approx(21 / 28)


def test_only_truth_of_the_very_stamp_counts(synthetic: ModuleType, tmp_path: Path) -> None:
    metrics = evaluate_run(synthetic.write_run(tmp_path, synthetic.Plan(truth_late_ns=1_000_000)))
    assert metrics["conditions"] == {}
    assert metrics["unscored"] == {"no_truth_at_stamp": 6}


def test_nothing_answered_is_not_hidden(synthetic: ModuleType, tmp_path: Path) -> None:
    plan = synthetic.Plan(unknown_rows={"fused": 32})
    metrics = evaluate_run(synthetic.write_run(tmp_path, plan))
    assert metrics["conditions"] == {}
    assert metrics["unscored"] == {"no_common_pixels": 6}


@pytest.mark.parametrize(
    ("scene", "squares"), [("street", 30 + 36), ("rescue", 30), ("cave", 30 + 36)]
)
def test_the_range_depends_on_the_scene(
    synthetic: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    scene: str,
    squares: float,
) -> None:
    def rows(plan: object, i: int) -> np.ndarray:
        depth = np.full((32, 40), 10.0, dtype=np.float32)
        depth[20] = 60.0  # beyond 40 m
        depth[21] = 90.0  # beyond 80 m
        return depth

    monkeypatch.setattr(synthetic, "true_depth", rows)
    run = synthetic.write_run(tmp_path, synthetic.Plan(scene={"scene": scene}))
    score = evaluate_run(run)["conditions"]
    key = f"{scene}/unknown/unknown"
    assert list(score) == [key]
    # The fused depth is 10 % too far: 1 m, on one row 6 m.
    scored = 31 if squares > 30 else 30
    assert score[key]["depth"]["fused"]["rmse"] == pytest.approx(
        (squares / scored) ** 0.5, rel=1e-5
    )


def test_compressed_truth(synthetic: ModuleType, tmp_path: Path) -> None:
    metrics = evaluate_run(synthetic.write_run(tmp_path, synthetic.Plan(truth="compressed")))
    fused = metrics["conditions"][KEY]["depth"]["fused"]
    assert fused["abs_rel"] == pytest.approx(0.1, rel=1e-2)


def test_no_scene_message(synthetic: ModuleType, tmp_path: Path) -> None:
    metrics = evaluate_run(synthetic.write_run(tmp_path, synthetic.Plan(scene=None)))
    assert list(metrics["conditions"]) == ["unknown/unknown/unknown"]


def test_no_ground_truth(synthetic: ModuleType, tmp_path: Path) -> None:
    metrics = evaluate_run(synthetic.write_run(tmp_path, synthetic.Plan(truth=None)))
    assert metrics == {
        "frames": 6,
        "ground_truth": False,
        "conditions": {},
        "unscored": {"no_ground_truth": 6},
    }


def test_single_cameras_are_kept_apart(synthetic: ModuleType, tmp_path: Path) -> None:
    modes = (FULL, FULL, RGB_ONLY, RGB_ONLY, THERMAL_ONLY, FULL)
    metrics = evaluate_run(synthetic.write_run(tmp_path, synthetic.Plan(modes=modes)))
    assert metrics["conditions"][KEY]["frames"] == 3
    assert "unscored" not in metrics
    assert sorted(metrics["single_camera"][KEY]) == ["RGB_ONLY", "THERMAL_ONLY"]
    single = metrics["single_camera"][KEY]["THERMAL_ONLY"]
    assert single["frames"] == 1
    assert list(single["depth"]) == ["fused"]
    assert single["depth"]["fused"]["abs_rel"] == pytest.approx(0.1, rel=1e-5)
    assert single["coverage"] == 1.0


def test_rgb_only_takes_the_truth_of_the_nearest_reference_picture(
    synthetic: ModuleType, tmp_path: Path
) -> None:
    for late, scored in ((0, True), (30_000_000, False)):
        plan = synthetic.Plan(modes=(RGB_ONLY,) * 3, truth_late_ns=late)
        metrics = evaluate_run(synthetic.write_run(tmp_path / str(late), plan))
        assert ("single_camera" in metrics) is scored
        assert ("unscored" in metrics) is not scored


def test_missing_estimates_are_counted(synthetic: ModuleType, tmp_path: Path) -> None:
    metrics = evaluate_run(synthetic.write_run(tmp_path, synthetic.Plan(factors={"fused": 1.1})))
    assert metrics["conditions"] == {}
    assert metrics["unscored"] == {"estimates_missing": 6}


def test_truth_on_a_finer_grid(synthetic: ModuleType, tmp_path: Path) -> None:
    metrics = evaluate_run(synthetic.write_run(tmp_path, synthetic.Plan(output_scale=2)))
    # The output takes every second pixel, the comparison the pixel nearest to the centre: at
    # edges and on the sloping ground they differ a little.
    fused = metrics["conditions"][KEY]["depth"]["fused"]
    assert 0.05 < fused["abs_rel"] < 0.25


def test_looped_recording(synthetic: ModuleType, tmp_path: Path) -> None:
    once = [synthetic.START_NS + 500_000_000 * i for i in range(4)]
    plan = synthetic.Plan(modes=(FULL,) * 8, stamps=tuple(once * 2))
    metrics = evaluate_run(synthetic.write_run(tmp_path, plan))
    assert metrics["conditions"][KEY]["frames"] == 8
    # The box has moved on in the second loop: truth of the first one would not fit.
    assert metrics["conditions"][KEY]["depth"]["fused"]["abs_rel"] == pytest.approx(0.1, rel=1e-5)


def test_repeated_stamps_are_separate_frames(synthetic: ModuleType, tmp_path: Path) -> None:
    stamps = (synthetic.START_NS,) * 3
    plan = synthetic.Plan(modes=(FULL,) * 3, stamps=stamps)
    assert evaluate_run(synthetic.write_run(tmp_path, plan))["frames"] == 3


def test_runs_are_merged_by_frames(synthetic: ModuleType, tmp_path: Path) -> None:
    long = synthetic.write_run(tmp_path / "long", synthetic.Plan(modes=(FULL,) * 6))
    factors = {"fused": 1.4, "rgb": 1.5, "thermal": 0.8, "ungated": 1.2}
    plan = synthetic.Plan(modes=(FULL,) * 2, factors=factors)
    short = synthetic.write_run(tmp_path / "short", plan)
    other = synthetic.write_run(tmp_path / "other", synthetic.Plan(scene={"scene": "rescue"}))
    metrics = merged(score_run(run) for run in (long, short, other)).metrics()
    assert metrics["frames"] == 14
    assert sorted(metrics["conditions"]) == ["rescue/unknown/unknown", KEY]
    score = metrics["conditions"][KEY]
    assert score["frames"] == 8
    assert score["depth"]["fused"]["abs_rel"] == pytest.approx((6 * 0.1 + 2 * 0.4) / 8, rel=1e-5)


def test_progress_reaches_the_total(synthetic: ModuleType, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    score_run(synthetic.write_run(tmp_path), lambda done, total: seen.append((done, total)))
    assert seen[-1] == (12, 12)
    assert [done for done, _ in seen] == list(range(1, 13))


def test_the_file_is_strict_json(synthetic: ModuleType, tmp_path: Path) -> None:
    metrics = evaluate_run(synthetic.write_run(tmp_path))
    path = write_metrics(tmp_path / "new" / "folder", metrics)
    assert path.name == "metrics.json"
    text = path.read_text()
    assert json.loads(text) == metrics
    assert "NaN" not in text


def test_source_is_found_beside_the_run(synthetic: ModuleType, tmp_path: Path) -> None:
    synthetic.write_run(tmp_path / "before")
    (tmp_path / "before").rename(tmp_path / "after")
    assert evaluate_run(tmp_path / "after" / "run")["frames"] == 6


@pytest.mark.parametrize("missing", ["source.mcap", "run/perception.mcap", "run/run.json"])
def test_missing_file(synthetic: ModuleType, tmp_path: Path, missing: str) -> None:
    run = synthetic.write_run(tmp_path)
    (tmp_path / missing).unlink()
    with pytest.raises(InputError, match=Path(missing).name) as caught:
        evaluate_run(run)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "word"),
    [("{", "JSON"), ("[]", "source"), ('{"source": 3}', "source"), ('{"source": "x"', "JSON")],
)
def test_bad_run_json(synthetic: ModuleType, tmp_path: Path, text: str, word: str) -> None:
    run = synthetic.write_run(tmp_path)
    (run / "run.json").write_text(text)
    with pytest.raises(InputError, match=word):
        evaluate_run(run)


def test_bad_scene_message(synthetic: ModuleType, tmp_path: Path) -> None:
    run = synthetic.write_run(tmp_path, synthetic.Plan(scene=["street"]))
    with pytest.raises(InputError, match="/ground_truth/scene"):
        evaluate_run(run)
