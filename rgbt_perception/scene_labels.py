"""From logits at network size to class ids at full size, and their colours."""

from __future__ import annotations

import cv2
import numpy as np

from rgbt_perception.frames import ColorImage, FloatImage, LabelImage
from rgbt_perception.scene_classes import COLOURS, UNLABELLED

_TABLE = np.ascontiguousarray(COLOURS[:, None])


def full_size_labels(logits: FloatImage, width: int, height: int) -> LabelImage:
    """The likeliest class of every full-size pixel.

    Logits are interpolated, not ids: borders between classes come out smooth. ``UNLABELLED`` is no
    answer, since the network never learned it.

    Args:
        logits: (classes, h, w) float32; the small picture covers the same view.
        width, height: full size, pixels.

    Returns:
        (height, width) uint8.
    """
    labels: LabelImage = np.full((height, width), UNLABELLED + 1, np.uint8)
    best = _enlarged(logits[UNLABELLED + 1], width, height)
    for index in range(UNLABELLED + 2, len(logits)):
        score = _enlarged(logits[index], width, height)
        # 255 where it is better; ids grow, so the larger of both is the later one.
        better = cv2.compare(score, best, cv2.CMP_GT)
        cv2.max(labels, cv2.min(better, index), dst=labels)
        cv2.max(best, score, dst=best)
    return labels


def colored_labels(labels: LabelImage) -> ColorImage:
    """Class ids in the colours of ``scene_classes``: (H, W) to (H, W, 3) uint8 RGB."""
    # The table is R, G, B, whatever OpenCV calls the order.
    return np.asarray(cv2.applyColorMap(np.ascontiguousarray(labels), _TABLE))


def _enlarged(picture: FloatImage, width: int, height: int) -> FloatImage:
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR))
