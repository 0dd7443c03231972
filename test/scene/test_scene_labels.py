from __future__ import annotations

import cv2
import numpy as np
import pytest
from both_ways import both_ways, compiling
from hypothesis import given, settings
from hypothesis import strategies as st

from rgbt_perception.scene.classes import COLOURS, SCENE_CLASSES
from rgbt_perception.scene.labels import colored_labels, full_size_labels

way = both_ways("scene.labels")


def test_the_likeliest_class_of_interpolated_logits():
    random = np.random.default_rng(0)
    logits = random.normal(size=(len(SCENE_CLASSES), 8, 10)).astype(np.float32)
    logits[0] += 100.0
    found = full_size_labels(logits, 25, 19)
    full = [cv2.resize(one, (25, 19), interpolation=cv2.INTER_LINEAR) for one in logits]
    # The class of no label is never the answer.
    np.testing.assert_array_equal(found, 1 + np.argmax(full[1:], axis=0))
    assert found.dtype == np.uint8


@settings(max_examples=60)
@given(
    small=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    full=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    twice=st.booleans(),
    classes=st.integers(2, 20),
    seed=st.integers(0, 2**32),
)
def test_loops_choose_what_numpy_chooses(small, full, twice, classes, seed):
    pytest.importorskip("numba", reason="needs the extra [cpu]")
    random = np.random.default_rng(seed)
    if twice:
        full = (2 * small[0], 2 * small[1])
    logits = random.normal(size=(classes, small[0], small[1] + 3)).astype(np.float32)
    logits = cv2.blur(logits.transpose(1, 2, 0), (3, 3)).reshape(small[0], -1, classes)
    # Not contiguous, as what is cut out of the network's canvas.
    logits = logits.transpose(2, 0, 1)[..., 3:]
    found = []
    for wanted in (False, True):
        with compiling(wanted, "scene.labels"):
            found.append(full_size_labels(logits, full[1], full[0]))
    differ = found[0] != found[1]
    # Where the plain version interpolates by OpenCV, roundings may decide between equals.
    scores = np.array([_enlarged(plane, full) for plane in logits[1:]])
    highest = np.sort(scores[:, differ], axis=0)[-2:]
    assert differ.sum() <= 2
    assert (highest[-1:] - highest[:1] < 1e-5).all()


def _enlarged(plane, shape):
    return cv2.resize(
        np.ascontiguousarray(plane), shape[::-1], interpolation=cv2.INTER_LINEAR
    ).reshape(shape)


def test_logits_stay_as_they_are():
    logits = np.random.default_rng(1).normal(size=(4, 6, 8)).astype(np.float32)
    before = logits.copy()
    full_size_labels(logits, 8, 6)
    np.testing.assert_array_equal(logits, before)


def test_colours_are_those_of_the_class_table():
    labels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    np.testing.assert_array_equal(colored_labels(labels), COLOURS[labels])
