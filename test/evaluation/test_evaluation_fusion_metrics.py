from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rgbt_perception.evaluation import fusion_metrics as fm

SMALL = arrays(np.uint8, st.tuples(st.integers(3, 9), st.integers(3, 9)))


def same_size(count):
    shape = st.tuples(st.integers(3, 9), st.integers(3, 9))
    return shape.flatmap(lambda s: st.tuples(*(arrays(np.uint8, s) for _ in range(count))))


def scene(seed, height=64, width=75):
    """Smooth shapes, an edge and some noise: what a camera gives."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    picture = 110 + 50 * np.sin(x / (5 + seed) + y / 9) + 40 * (x > rng.integers(15, width - 15))
    return np.clip(picture + rng.normal(0, 6, picture.shape), 0, 255).astype(np.uint8)


VISIBLE, THERMAL = scene(1), scene(2)
FUSED = ((VISIBLE.astype(int) + THERMAL) // 2).astype(np.uint8)


# Plain formulas, pixel by pixel.


def slow_entropy(values):
    values = list(values)
    shares = [values.count(value) / len(values) for value in set(values)]
    return -sum(share * math.log2(share) for share in shares)


def slow_gradient(row, i):
    if i == 0:
        return row[1] - row[0]
    if i == len(row) - 1:
        return row[-1] - row[-2]
    return (row[i + 1] - row[i - 1]) / 2


def slow_correlation(a, b):
    a, b = [float(v) for v in a.ravel()], [float(v) for v in b.ravel()]
    mean_a, mean_b = sum(a) / len(a), sum(b) / len(b)
    top = sum((p - mean_a) * (q - mean_b) for p, q in zip(a, b, strict=True))
    bottom = sum((p - mean_a) ** 2 for p in a) * sum((q - mean_b) ** 2 for q in b)
    return top / math.sqrt(bottom) if bottom > 1e-9 else 0.0


def slow_sobel(picture, y, x):
    def at(j, i):
        inside = 0 <= j < picture.shape[0] and 0 <= i < picture.shape[1]
        return float(picture[j, i]) if inside else 0.0

    gx = sum(w * (at(y + k, x + 1) - at(y + k, x - 1)) for k, w in ((-1, 1), (0, 2), (1, 1)))
    gy = sum(w * (at(y + 1, x + k) - at(y - 1, x + k)) for k, w in ((-1, 1), (0, 2), (1, 1)))
    return math.hypot(gx, gy), math.atan(gy / gx) if gx else math.pi / 2


def slow_qabf(visible, thermal, fused):
    top = bottom = 0.0
    for source in (visible, thermal):
        for y, x in np.ndindex(*fused.shape):
            (g, a), (gf, af) = slow_sobel(source, y, x), slow_sobel(fused, y, x)
            ratio = min(g, gf) / max(g, gf) if max(g, gf) else 0.0
            angle = 1 - abs(a - af) / (math.pi / 2)
            q = 0.9994 / (1 + math.exp(-15 * (ratio - 0.5)))
            q *= 0.9879 / (1 + math.exp(-22 * (angle - 0.8)))
            top, bottom = top + q * g, bottom + g
    return top / bottom if bottom else 0.0


@settings(max_examples=40, deadline=None)
@given(SMALL)
def test_measures_of_one_picture_equal_the_plain_formulas(picture):
    rows = [[float(v) for v in row] for row in picture]
    columns = list(zip(*rows, strict=True))
    values = [v for row in rows for v in row]
    mean = sum(values) / len(values)
    deviation = math.sqrt(sum((v - mean) ** 2 for v in values) / len(values))
    steps = [
        [(b - a) ** 2 for line in lines for a, b in pairwise(line)] for lines in (rows, columns)
    ]
    gradients = [
        math.hypot(slow_gradient(rows[y], x), slow_gradient(columns[x], y)) / math.sqrt(2)
        for y, x in np.ndindex(*picture.shape)
    ]
    assert fm.entropy(picture) == pytest.approx(slow_entropy(values), abs=1e-12)
    assert fm.standard_deviation(picture) == pytest.approx(deviation, abs=1e-9)
    assert fm.spatial_frequency(picture) == pytest.approx(
        math.sqrt(sum(sum(s) / len(s) for s in steps)), abs=1e-9
    )
    assert fm.average_gradient(picture) == pytest.approx(sum(gradients) / len(gradients))


@settings(max_examples=40, deadline=None)
@given(same_size(3))
def test_measures_of_pairs_equal_the_plain_formulas(pictures):
    visible, thermal, fused = pictures
    pairs = list(zip(visible.ravel().tolist(), fused.ravel().tolist(), strict=True))
    shared = slow_entropy(p for p, _ in pairs) + slow_entropy(q for _, q in pairs)
    shared -= slow_entropy(pairs)
    assert fm.mutual_information(visible, fused) == pytest.approx(shared, abs=1e-9)
    assert fm.correlation(visible, fused) == pytest.approx(slow_correlation(visible, fused))
    whole = fused.astype(int)
    assert fm.sum_of_correlations_of_differences(visible, thermal, fused) == pytest.approx(
        slow_correlation(whole - thermal, visible) + slow_correlation(whole - visible, thermal)
    )
    assert fm.edge_preservation(visible, thermal, fused) == pytest.approx(
        slow_qabf(visible, thermal, fused), rel=1e-9
    )


def test_one_picture_by_hand():
    picture = np.array([[0, 10, 10], [0, 10, 10], [30, 10, 10]], np.uint8)
    # Shares 2/9, 6/9 and 1/9.
    entropy = -(2 / 9 * math.log2(2 / 9) + 6 / 9 * math.log2(6 / 9) + 1 / 9 * math.log2(1 / 9))
    assert fm.entropy(picture) == pytest.approx(entropy)
    assert fm.standard_deviation(picture) == pytest.approx(math.sqrt(1500 / 9 - 100))
    # Along rows 10, 0, 10, 0, -20, 0; along columns 0, 0, 0, 30, 0, 0.
    assert fm.spatial_frequency(picture) == pytest.approx(math.sqrt(600 / 6 + 900 / 6))
    ramp = np.tile(np.arange(0, 40, 8, dtype=np.uint8), (5, 1))
    assert fm.average_gradient(ramp) == pytest.approx(8 / math.sqrt(2))
    assert fm.entropy(np.array([[7, 7], [9, 9]], np.uint8)) == 1.0


def test_pairs_by_hand():
    a = np.array([[0, 0], [9, 9]], np.uint8)
    b = np.array([[1, 5], [1, 5]], np.uint8)
    assert fm.mutual_information(a, a) == pytest.approx(1.0)
    assert fm.mutual_information(a, b) == 0.0
    assert fm.correlation(a, 255 - a) == pytest.approx(-1.0)
    # Squared errors 25 and 225, so 125 in the mean.
    grey = np.full((4, 4), 100, np.uint8)
    psnr = fm.peak_signal_to_noise_ratio(grey - 5, grey + 15, grey)
    assert psnr == pytest.approx(10 * math.log10(255**2 / 125))
    # What the fusion adds to either source is exactly the other one.
    assert fm.sum_of_correlations_of_differences(a, b, a + b) == pytest.approx(2.0)


def test_a_kept_edge_has_the_largest_value_of_the_published_constants():
    best = 0.9994 / (1 + math.exp(-7.5)) * 0.9879 / (1 + math.exp(-4.4))
    assert fm.edge_preservation(VISIBLE, VISIBLE, VISIBLE) == pytest.approx(best)
    # Against one source kept and a flat one only the frame differs.
    assert fm.edge_preservation(VISIBLE, np.zeros_like(VISIBLE), VISIBLE) == pytest.approx(best)


def test_nothing_to_keep_gives_numbers():
    grey = np.full((41, 41), 90, np.uint8)
    black = np.zeros_like(grey)
    metrics = fm.fusion_metrics(black, black, grey)
    assert metrics["PSNR"] == pytest.approx(10 * math.log10(255**2 / 90**2))
    zero = ("EN", "SD", "SF", "AG", "MI", "SCD", "VIF", "Qabf", "CC")
    assert [metrics[name] for name in zero] == [0.0] * len(zero)
    assert 0 < metrics["SSIM"] < 0.02
    same = fm.fusion_metrics(grey, grey, grey)
    assert same["PSNR"] == math.inf
    assert same["SSIM"] == pytest.approx(2.0)


def test_all_of_them_in_the_order_of_tables():
    metrics = fm.fusion_metrics(VISIBLE, THERMAL, FUSED)
    assert tuple(metrics) == fm.FUSION_METRICS
    assert metrics["MI"] == pytest.approx(
        fm.mutual_information(VISIBLE, FUSED) + fm.mutual_information(THERMAL, FUSED)
    )
    assert metrics["CC"] == pytest.approx(
        (fm.correlation(VISIBLE, FUSED) + fm.correlation(THERMAL, FUSED)) / 2
    )
    swapped = fm.fusion_metrics(THERMAL, VISIBLE, FUSED)
    assert swapped == pytest.approx(metrics)


@pytest.mark.parametrize("changed", [FUSED, VISIBLE // 2, 255 - VISIBLE, np.full_like(FUSED, 9)])
def test_vif_and_ssim_equal_torchmetrics(changed):
    torch = pytest.importorskip("torch", reason="the reference is torchmetrics")
    image = pytest.importorskip("torchmetrics.functional.image")

    def tensor(picture):
        return torch.from_numpy(picture.astype(np.float64))[None, None]

    assert fm.visual_information_fidelity(VISIBLE, changed) == pytest.approx(
        float(image.visual_information_fidelity(tensor(changed), tensor(VISIBLE))), abs=1e-8
    )
    _, similarity = image.structural_similarity_index_measure(
        tensor(changed),
        tensor(VISIBLE),
        sigma=1.5,
        kernel_size=11,
        data_range=255.0,
        return_full_image=True,
    )
    # torchmetrics mirrors the picture at its borders; ours is where the window fits.
    inside = float(similarity[..., 5:-5, 5:-5].mean())
    assert fm.structural_similarity(VISIBLE, changed) == pytest.approx(inside, abs=1e-6)
    psnr = image.peak_signal_noise_ratio(tensor(changed), tensor(VISIBLE), data_range=255.0)
    assert fm.peak_signal_to_noise_ratio(VISIBLE, VISIBLE, changed) == pytest.approx(
        float(psnr), abs=1e-4
    )


def test_as_scikit_image():
    metrics = pytest.importorskip("skimage.metrics", reason="the reference is scikit-image")
    measure = pytest.importorskip("skimage.measure")
    assert fm.structural_similarity(VISIBLE, FUSED) == pytest.approx(
        metrics.structural_similarity(
            VISIBLE, FUSED, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
        )
    )
    assert fm.entropy(FUSED) == pytest.approx(measure.shannon_entropy(FUSED))
    entropies = fm.entropy(VISIBLE) + fm.entropy(FUSED)
    normalized = metrics.normalized_mutual_information(VISIBLE, FUSED, bins=256)
    joint = entropies / normalized
    # Its 256 bins are laid between least and greatest value, so both must be there.
    stretched = VISIBLE.copy()
    stretched[0, :2] = 0, 255
    fused = FUSED.copy()
    fused[0, :2] = 0, 255
    normalized = metrics.normalized_mutual_information(stretched, fused, bins=256)
    entropies = fm.entropy(stretched) + fm.entropy(fused)
    joint = entropies / normalized
    assert fm.mutual_information(stretched, fused) == pytest.approx(entropies - joint)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 40), st.integers(41, 60), st.integers(41, 60))
def test_a_picture_keeps_all_of_itself(seed, height, width):
    picture = scene(seed, height, width)
    assert fm.visual_information_fidelity(picture, picture) == pytest.approx(1.0, abs=1e-9)
    assert fm.structural_similarity(picture, picture) == pytest.approx(1.0)
    assert fm.mutual_information(picture, picture) == pytest.approx(fm.entropy(picture))
    assert fm.correlation(picture, picture) == pytest.approx(1.0)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 1000),
    st.lists(st.sampled_from(["scene", "noise", "flat"]), min_size=3, max_size=3),
)
def test_bounds(seed, kinds):
    rng = np.random.default_rng(seed)
    made = {
        "scene": lambda: scene(seed, 41, 43),
        "noise": lambda: rng.integers(0, 256, (41, 43)).astype(np.uint8),
        "flat": lambda: np.full((41, 43), rng.integers(0, 256), np.uint8),
    }
    visible, thermal, fused = (made[kind]() for kind in kinds)
    metrics = fm.fusion_metrics(visible, thermal, fused)
    assert 0 <= metrics["EN"] <= 8
    assert 0 <= metrics["MI"] <= 2 * metrics["EN"] + 1e-9
    assert 0 <= metrics["Qabf"] <= 0.9749
    assert metrics["VIF"] >= 0
    assert all(abs(metrics[name]) <= 2 + 1e-9 for name in ("SCD", "SSIM", "CC"))


def test_lost_detail_and_noise_lower_what_is_kept():
    kept = fm.fusion_metrics(VISIBLE, THERMAL, FUSED)
    flat = np.full_like(FUSED, int(FUSED.mean()))
    half = ((FUSED.astype(int) + flat) // 2).astype(np.uint8)
    rng = np.random.default_rng(0)
    noisy = np.clip(FUSED + rng.normal(0, 30, FUSED.shape), 0, 255).astype(np.uint8)
    for worse in (half, noisy):
        lost = fm.fusion_metrics(VISIBLE, THERMAL, worse)
        assert all(lost[name] < kept[name] for name in ("VIF", "Qabf"))
    assert fm.fusion_metrics(VISIBLE, THERMAL, noisy)["SSIM"] < kept["SSIM"]
