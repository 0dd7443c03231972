from __future__ import annotations

import cv2
import numpy as np

from rgbt_perception.scene_classes import COLOURS, SCENE_CLASSES
from rgbt_perception.scene_labels import colored_labels, full_size_labels


def test_the_likeliest_class_of_interpolated_logits():
    random = np.random.default_rng(0)
    logits = random.normal(size=(len(SCENE_CLASSES), 8, 10)).astype(np.float32)
    logits[0] += 100.0
    found = full_size_labels(logits, 25, 19)
    full = [cv2.resize(one, (25, 19), interpolation=cv2.INTER_LINEAR) for one in logits]
    # The class of no label is never the answer.
    np.testing.assert_array_equal(found, 1 + np.argmax(full[1:], axis=0))
    assert found.dtype == np.uint8


def test_logits_stay_as_they_are():
    logits = np.random.default_rng(1).normal(size=(4, 6, 8)).astype(np.float32)
    before = logits.copy()
    full_size_labels(logits, 8, 6)
    np.testing.assert_array_equal(logits, before)


def test_colours_are_those_of_the_class_table():
    labels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    np.testing.assert_array_equal(colored_labels(labels), COLOURS[labels])
