from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rgbt_perception.errors import InputError
from rgbt_perception.evaluation.segmentation_metrics import Confusion, FmbConvention, fmb_scores
from rgbt_perception.evaluation.segmentation_scores import SegmentationScore
from rgbt_perception.scene.classes import IGNORED

IDS = st.sampled_from([0, 1, 2, 3, 9, IGNORED])
LABELS = st.tuples(arrays(np.uint8, (5, 4), elements=IDS), arrays(np.uint8, (5, 4), elements=IDS))
NAMES = ("unlabelled", "road", "person", "car")


def ids(*rows):
    return np.array(rows, np.uint8)


def counted(truth, estimate, classes=4):
    confusion = Confusion(classes)
    confusion.add(truth, estimate)
    return confusion


@settings(deadline=None)
@given(LABELS)
def test_equals_the_definition_pixel_by_pixel(pictures):
    truth, estimate = (picture.ravel().tolist() for picture in pictures)
    scored = [(t, e) for t, e in zip(truth, estimate, strict=True) if t in (1, 2, 3)]
    scores = counted(*pictures).scores()
    assert scores.pixels == len(scored)
    assert scores.accuracy == pytest.approx(
        sum(t == e for t, e in scored) / len(scored) if scored else 0.0
    )
    slow = {}
    for c in (1, 2, 3):
        union = sum(c in (t, e) for t, e in scored)
        slow[c] = sum(t == e == c for t, e in scored) / union if union else math.nan
    assert scores.iou == pytest.approx(slow, nan_ok=True)
    present = [slow[c] for c in slow if any(t == c for t, _ in scored)]
    expected = sum(present) / len(present) if present else math.nan
    assert scores.miou() == pytest.approx(expected, nan_ok=True)


def test_as_torchmetrics():
    torch = pytest.importorskip("torch", reason="the reference is torchmetrics")
    classification = pytest.importorskip("torchmetrics.functional.classification")
    rng = np.random.default_rng(4)
    truth, estimate = rng.integers(0, 4, (2, 30, 30)).astype(np.uint8)
    pair = torch.from_numpy(estimate).long(), torch.from_numpy(truth).long()
    options = {"num_classes": 4, "ignore_index": 0}
    jaccard = classification.multiclass_jaccard_index(*pair, average="none", **options)
    accuracy = classification.multiclass_accuracy(*pair, average="micro", **options)
    scores = counted(truth, estimate).scores()
    assert list(scores.iou.values()) == pytest.approx(jaccard[1:].tolist(), abs=1e-6)
    assert scores.accuracy == pytest.approx(float(accuracy), abs=1e-6)


def test_by_hand():
    truth = ids([1, 1, 2, 2], [1, 3, 0, IGNORED])
    estimate = ids([1, 2, 2, 2], [1, 0, 1, 1])
    scores = counted(truth, estimate).scores()
    # Road 2 of 3, person 2 of 3, car 0 of 1; what is said of the last two pixels does not matter.
    assert scores.iou == pytest.approx({1: 2 / 3, 2: 2 / 3, 3: 0.0})
    assert scores.accuracy == pytest.approx(4 / 6)
    assert scores.tree(NAMES) == {
        "miou": pytest.approx(4 / 9),
        "accuracy": pytest.approx(2 / 3),
        "iou": {"road": pytest.approx(2 / 3), "person": pytest.approx(2 / 3), "car": 0.0},
    }


def test_an_absent_class_counts_only_through_the_pixels_it_takes():
    scores = counted(ids([1, 1, 2, 2]), ids([1, 3, 2, 2])).scores()
    assert scores.iou[3] == 0.0
    assert scores.miou() == pytest.approx((0.5 + 1.0) / 2)
    assert set(scores.tree(NAMES)["iou"]) == {"road", "person"}


@settings(deadline=None)
@given(LABELS, LABELS)
def test_pictures_may_be_counted_in_parts(first, second):
    whole = counted(np.vstack([first[0], second[0]]), np.vstack([first[1], second[1]]))
    parts = counted(*first)
    parts.merge(counted(*second))
    np.testing.assert_array_equal(whole.counts, parts.counts)


def test_the_three_conventions_of_fmb():
    # Everything right but one of four unlabelled pixels, which is called bicycle, and one of two
    # roads, which is called unlabelled.
    truth = ids([0, 0, 0, 0, 1, 1], list(range(2, 8)), [*range(8, 13), 14])
    estimate = ids([0, 0, 0, 13, 1, 0], list(range(2, 8)), [*range(8, 13), 14])
    confusion = counted(truth, estimate, classes=15)
    unlabelled, road = 3 / 5, 1 / 2
    right = 12.0  # ids 2 to 12 and 14
    means = {convention.value: convention.miou(confusion) for convention in FmbConvention}
    assert means == {
        "fmb15": pytest.approx((right + unlabelled + road) / 15),
        "fmb14": pytest.approx((right + unlabelled + road) / 14),
        "fmb13": pytest.approx((right + road) / 13),
    }
    names = [f"class {index}" for index in range(15)]
    for convention in FmbConvention:
        scores = fmb_scores(confusion, convention, names)
        assert scores["convention"] == convention.value
        assert scores["miou"] == means[convention.value]
        assert scores["iou"]["class 1"] == road


def test_estimates_are_scored_on_the_same_pixels():
    score = SegmentationScore(NAMES)
    truth = ids([1, 1], [2, 0])
    wrong = ids([2, 2], [1, 1])
    assert score.add(truth, {"fused": truth, "rgb": wrong, "thermal": truth, "other": wrong})
    assert not score.add(truth, {"fused": truth, "rgb": truth})
    assert score.frames == 1
    metrics = score.metrics()
    assert list(metrics) == ["fused", "rgb", "thermal"]
    assert (metrics["fused"]["miou"], metrics["rgb"]["miou"]) == (1.0, 0.0)
    assert metrics["thermal"]["iou"] == {"road": 1.0, "person": 1.0}


def test_pictures_are_pooled_before_the_mean():
    parts = []
    for truth, estimate in ((ids([1, 1, 1, 2]), ids([1, 1, 1, 1])), (ids([1, 2]), ids([1, 2]))):
        score = SegmentationScore(NAMES, ["fused"])
        score.add(truth, {"fused": estimate})
        parts.append(score)
    parts[0].merge(parts[1])
    assert parts[0].frames == 2
    assert parts[0].metrics()["fused"]["miou"] == pytest.approx((4 / 5 + 1 / 2) / 2)


def test_nothing_labelled_gives_no_figures():
    score = SegmentationScore(NAMES, ["fused"])
    assert score.add(ids([0, IGNORED]), {"fused": ids([1, 2])})
    assert score.metrics() == {}


def test_a_smaller_estimate_of_the_same_view():
    truth = np.kron(ids([1, 2], [3, 1]), np.ones((4, 4), np.uint8))
    score = SegmentationScore(NAMES, ["fused"])
    score.add(truth, {"fused": ids([1, 2], [3, 1])})
    assert score.metrics()["fused"]["accuracy"] == 1.0
    with pytest.raises(InputError, match=r"labels of fused are 4x2, expected .* 8x8"):
        score.add(truth, {"fused": ids([1, 2, 1, 2], [3, 1, 3, 1])})
