"""How much of a visible and a thermal picture their fusion keeps: the usual eleven measures.

All take pictures of luminance, (H, W) uint8, 0 to 255. Published programs differ in detail, so
figures compare only when one program computed them; where they differ, the choice is named here.
More is better everywhere, although noise and false contrast raise EN, SD, SF and AG too.

A picture without any contrast has no correlation (0), carries no information (VIF 0) and no edges
(Qabf 0 when neither source has one).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Luminance = npt.NDArray[np.uint8]
_Real = npt.NDArray[np.float64]

FUSION_METRICS = ("EN", "SD", "SF", "AG", "MI", "SCD", "VIF", "Qabf", "SSIM", "CC", "PSNR")
"""In the order of tables; larger is better for each."""

MINIMUM_SIDE = 41
"""Least width and height, pixels: VIF filters the picture at four scales without padding."""

_PEAK = 255.0
_VIF_SCALES = 4
_VIF_NOISE = 2.0
_FLAT = 1e-10  # variances below are rounding errors of a constant picture
_SSIM_WINDOW, _SSIM_SIGMA = 11, 1.5
_SSIM_C1, _SSIM_C2 = (0.01 * _PEAK) ** 2, (0.03 * _PEAK) ** 2


def fusion_metrics(visible: Luminance, thermal: Luminance, fused: Luminance) -> dict[str, float]:
    """All of ``FUSION_METRICS``.

    Args:
        visible, thermal: the registered sources, (H, W) uint8, at least ``MINIMUM_SIDE`` each way.
        fused: of the same size.

    Returns:
        PSNR is infinite when all three are equal; every other value is finite.
    """
    sources = (visible, thermal)
    return {
        "EN": entropy(fused),
        "SD": standard_deviation(fused),
        "SF": spatial_frequency(fused),
        "AG": average_gradient(fused),
        "MI": sum(mutual_information(source, fused) for source in sources),
        "SCD": sum_of_correlations_of_differences(visible, thermal, fused),
        "VIF": sum(visual_information_fidelity(source, fused) for source in sources),
        "Qabf": edge_preservation(visible, thermal, fused),
        "SSIM": sum(structural_similarity(source, fused) for source in sources),
        "CC": sum(correlation(source, fused) for source in sources) / 2.0,
        "PSNR": peak_signal_to_noise_ratio(visible, thermal, fused),
    }


def entropy(fused: Luminance) -> float:
    """EN: Shannon's entropy of the histogram of 256 grey levels, bits.

    Roberts, Van Aardt and Ahmed, "Assessment of image fusion procedures using entropy, image
    quality, and multispectral classification" (J. Appl. Remote Sens. 2008).
    """
    return _bits(np.bincount(fused.ravel(), minlength=256))


def standard_deviation(fused: Luminance) -> float:
    """SD: standard deviation over all pixels, grey levels."""
    return float(np.std(fused, dtype=np.float64))


def spatial_frequency(fused: Luminance) -> float:
    """SF: root of the mean squared steps along rows plus those along columns, grey levels.

    Eskicioglu and Fisher, "Image quality measures and their performance" (IEEE Trans. Commun.
    1995); each mean is over the steps there are.
    """
    picture = fused.astype(np.float64)
    along_rows, along_columns = np.diff(picture, axis=1), np.diff(picture, axis=0)
    return float(np.sqrt(np.mean(along_rows**2) + np.mean(along_columns**2)))


def average_gradient(fused: Luminance) -> float:
    """AG: mean of sqrt((gx^2 + gy^2) / 2), grey levels a pixel.

    Cui, Feng, Xu, Li and Chen, "Detail preserved fusion of visible and infrared images using
    regional saliency extraction and multi-scale image decomposition" (Opt. Commun. 2015);
    gradients are central differences, one-sided at the border.
    """
    gy, gx = np.gradient(fused.astype(np.float64))
    return float(np.mean(np.sqrt((gx * gx + gy * gy) / 2.0)))


def mutual_information(source: Luminance, fused: Luminance) -> float:
    """What one picture's grey level tells of the other's, bits; MI is the sum over both sources.

    Qu, Zhang and Yan, "Information measure for performance of image fusion" (Electron. Lett.
    2002). Figures in nats are these times ln 2.
    """
    pairs = source.ravel().astype(np.int64) * 256 + fused.ravel()
    joint = np.bincount(pairs, minlength=256 * 256).reshape(256, 256)
    # Rounding may leave a hair below zero for independent pictures.
    return max(0.0, _bits(joint.sum(axis=1)) + _bits(joint.sum(axis=0)) - _bits(joint))


def correlation(first: npt.NDArray[Any], second: npt.NDArray[Any]) -> float:
    """Pearson's correlation of two pictures; CC is its mean over both sources.

    Args:
        first, second: (H, W), any real type.
    """
    a = first.astype(np.float64) - np.mean(first, dtype=np.float64)
    b = second.astype(np.float64) - np.mean(second, dtype=np.float64)
    scale = float(np.sqrt(np.sum(a * a) * np.sum(b * b)))
    return float(np.sum(a * b)) / scale if scale > 0.0 else 0.0


def sum_of_correlations_of_differences(
    visible: Luminance, thermal: Luminance, fused: Luminance
) -> float:
    """SCD: what the fusion adds to one source should look like the other.

    Aslantas and Bendes, "A new image quality metric for image fusion: the sum of the correlations
    of differences" (AEU 2015), equation 3.
    """
    whole = fused.astype(np.int16)
    return correlation(whole - thermal, visible) + correlation(whole - visible, thermal)


def visual_information_fidelity(source: Luminance, fused: Luminance) -> float:
    """VIF in the pixel domain, share of the source's information; VIF is the sum over both.

    Sheikh and Bovik, "Image information and visual quality" (IEEE Trans. Image Process. 2006), in
    the variant of their ``vifp_mscale``: four scales, Gaussian windows of 17, 9, 5 and 3 pixels,
    noise variance 2. Tables of fusion call this sum VIF or VIFF; the VIFF of Han et al. (2013) is
    another measure. Above 1 for one source where the fusion raises its contrast.
    """
    reference, changed = source.astype(np.float64), fused.astype(np.float64)
    kept = there = 0.0
    for scale in range(_VIF_SCALES):
        size = 2 ** (_VIF_SCALES - scale) + 1
        if scale:
            reference = _blurred(reference, size, size / 5.0)[::2, ::2]
            changed = _blurred(changed, size, size / 5.0)[::2, ::2]
        _, _, variance, changed_variance, covariance = _moments(
            reference, changed, size, size / 5.0
        )
        varied = (variance >= _FLAT) & (changed_variance >= _FLAT) & (covariance > 0.0)
        gain = np.divide(covariance, variance, out=np.zeros_like(variance), where=varied)
        noise = np.maximum(changed_variance - gain * covariance, 0.0) + _VIF_NOISE
        variance = np.where(variance >= _FLAT, variance, 0.0)
        kept += float(np.sum(np.log2(1.0 + gain * gain * variance / noise)))
        there += float(np.sum(np.log2(1.0 + variance / _VIF_NOISE)))
    return kept / there if there > 0.0 else 0.0


def edge_preservation(visible: Luminance, thermal: Luminance, fused: Luminance) -> float:
    """Qabf: how well strength and direction of the sources' edges are kept, 0 to 0.975.

    Xydeas and Petrovic, "Objective image fusion performance measure" (Electron. Lett. 2000), with
    their constants. As in published programs the pictures lie in a frame of zeros, whose edge
    counts too.
    """
    fused_edges = _edges(fused)
    kept = there = 0.0
    for source in (visible, thermal):
        edges = _edges(source)
        strength = edges[0]
        kept += float(np.sum(_edge_kept(edges, fused_edges) * strength))
        there += float(np.sum(strength))
    return kept / there if there > 0.0 else 0.0


def structural_similarity(source: Luminance, fused: Luminance) -> float:
    """Mean SSIM; SSIM is the sum over both sources, at most 2 (some tables give half of it).

    Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error visibility to
    structural similarity" (IEEE Trans. Image Process. 2004), equation 13: Gaussian window of 11
    pixels with sigma 1.5, K1 = 0.01, K2 = 0.03, where the window fits into the picture.
    """
    mean, fused_mean, variance, fused_variance, covariance = _moments(
        source.astype(np.float64), fused.astype(np.float64), _SSIM_WINDOW, _SSIM_SIGMA
    )
    similar = (2.0 * mean * fused_mean + _SSIM_C1) * (2.0 * covariance + _SSIM_C2)
    scale = (mean**2 + fused_mean**2 + _SSIM_C1) * (variance + fused_variance + _SSIM_C2)
    return float(np.mean(similar / scale))


def peak_signal_to_noise_ratio(visible: Luminance, thermal: Luminance, fused: Luminance) -> float:
    """PSNR of the mean of both squared errors, decibels against a peak of 255.

    Programs that mix scales of 1 and 255 give 48.13 dB more.
    """
    whole = fused.astype(np.float64)
    error = (np.mean((whole - visible) ** 2) + np.mean((whole - thermal) ** 2)) / 2.0
    return float(10.0 * np.log10(_PEAK**2 / error)) if error > 0.0 else float("inf")


def _bits(counts: npt.NDArray[np.intp]) -> float:
    """Entropy of counts, bits."""
    share = counts[counts > 0] / counts.sum()
    return float(-np.sum(share * np.log2(share))) + 0.0  # no negative zero


@lru_cache(maxsize=8)
def _window(size: int, sigma: float) -> _Real:
    return np.asarray(cv2.getGaussianKernel(size, sigma, cv2.CV_64F))


def _blurred(picture: _Real, size: int, sigma: float) -> _Real:
    """Gaussian mean where the window fits: (H - size + 1, W - size + 1)."""
    window, rim = _window(size, sigma), size // 2
    blurred = cv2.sepFilter2D(picture, cv2.CV_64F, window, window)
    return np.asarray(blurred[rim:-rim, rim:-rim])


def _moments(a: _Real, b: _Real, size: int, sigma: float) -> tuple[_Real, ...]:
    """Means of a and b, variances of a and b, covariance, in a Gaussian window."""
    mean_a, mean_b = _blurred(a, size, sigma), _blurred(b, size, sigma)
    return (
        mean_a,
        mean_b,
        np.maximum(_blurred(a * a, size, sigma) - mean_a * mean_a, 0.0),
        np.maximum(_blurred(b * b, size, sigma) - mean_b * mean_b, 0.0),
        _blurred(a * b, size, sigma) - mean_a * mean_b,
    )


def _edges(picture: Luminance) -> tuple[_Real, _Real]:
    """Strength and direction (-pi/2 to pi/2) of Sobel's gradient, both (H, W)."""
    framed = cv2.copyMakeBorder(picture, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    gx, gy = (
        cv2.Sobel(framed, cv2.CV_64F, *order, ksize=3)[1:-1, 1:-1] for order in ((1, 0), (0, 1))
    )
    direction = np.arctan(np.divide(gy, gx, out=np.full_like(gx, np.inf), where=gx != 0.0))
    return np.hypot(gx, gy), direction


def _edge_kept(source: tuple[_Real, _Real], fused: tuple[_Real, _Real]) -> _Real:
    """Q of Xydeas and Petrovic for every pixel, equations 3 to 6."""
    strongest = np.maximum(source[0], fused[0])
    weakest = np.minimum(source[0], fused[0])
    strength = np.divide(weakest, strongest, out=np.zeros_like(weakest), where=strongest > 0.0)
    direction = 1.0 - np.abs(source[1] - fused[1]) * 2.0 / np.pi
    kept_strength = 0.9994 / (1.0 + np.exp(-15.0 * (strength - 0.5)))
    kept_direction = 0.9879 / (1.0 + np.exp(-22.0 * (direction - 0.8)))
    return np.asarray(kept_strength * kept_direction)
