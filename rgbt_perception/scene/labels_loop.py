"""The likeliest class of every full-size pixel, as one compiled loop."""

from __future__ import annotations

import numpy as np

from rgbt_perception.compiled import compiled_loop
from rgbt_perception.frames import FloatImage, LabelImage
from rgbt_perception.geometry.bilinear import Axis


@compiled_loop
def enlarge_labels(
    logits: FloatImage, first_id: int, rows: Axis, columns: Axis, labels: LabelImage
) -> None:
    """The likeliest classes of enlarged logits, which are interpolated only between classes.

    Args:
        logits: (classes, h, w) float32.
        first_id: of the first of these classes.
        rows, columns: between which small pixels those of each axis lie.
        labels: (H, W), becomes the result; of equal logits the first counts.
    """
    classes, _, w = logits.shape
    tops, bottoms, lower_shares = rows
    lefts, rights, right_shares = columns
    height, width = labels.shape
    # The two small rows that a full one lies between. Their logits stand side by side here: in the
    # source those of one pixel are so far apart, by powers of two, that they drive each other out
    # of the processor's cache.
    scores = np.empty((2, classes, w + 24), np.float32)
    likeliest = np.empty((2, w), np.uint8)
    held = np.full(2, -1, np.intp)
    best = np.empty(w, np.float32)
    ids = np.empty(w, np.int32)
    mixed = np.zeros(w, np.uint8)
    between = -1
    for v in range(height):
        top, bottom, lower = tops[v], bottoms[v], lower_shares[v]
        for i in (top, bottom):
            if held[i & 1] == i:
                continue
            held[i & 1] = i
            best[:] = -np.inf
            ids[:] = first_id
            for index in range(classes):
                source, kept = logits[index, i], scores[i & 1, index]
                name = np.int32(first_id + index)
                for j in range(w):
                    score = source[j]
                    kept[j] = score
                    ids[j] = name if score > best[j] else ids[j]
                    best[j] = score if score > best[j] else best[j]
            names = likeliest[i & 1]
            for j in range(w):
                names[j] = np.uint8(ids[j])
        above, below, line = likeliest[top & 1], likeliest[bottom & 1], labels[v]
        if top + bottom != between:
            between = top + bottom
            # Whether the classes differ round the place below and right of a pixel's centre.
            mixed[w - 1] = above[w - 1] ^ below[w - 1]
            for j in range(w - 1):
                across = (above[j] ^ above[j + 1]) | (below[j] ^ below[j + 1])
                mixed[j] = (above[j] ^ below[j]) | across
        upper, under = scores[top & 1], scores[bottom & 1]
        for u in range(width):
            left = lefts[u]
            line[u] = above[left]
            if mixed[left] == 0:
                continue
            right, share = rights[u], right_shares[u]
            highest, chosen = np.float32(-np.inf), 0
            for index in range(classes):
                score = upper[index, left] + (upper[index, right] - upper[index, left]) * share
                other = under[index, left] + (under[index, right] - under[index, left]) * share
                score += (other - score) * lower
                if score > highest:
                    highest, chosen = score, index
            line[u] = np.uint8(first_id + chosen)
