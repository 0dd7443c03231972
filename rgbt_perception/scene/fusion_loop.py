"""The steps between the conversions of colour that ``fusion_detail`` takes, as compiled loops.

A picture or mask of one row stands for one that is the same in every row: a camera that is not
there is 0 and seen nowhere.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rgbt_perception.compiled import compiled_loop
from rgbt_perception.frames import FloatImage
from rgbt_perception.geometry.bilinear import Axis

Levels = npt.NDArray[np.uint8]


@compiled_loop
def halved(levels: Levels, means: FloatImage) -> None:
    """Means of two by two pixels: (2 h, 2 w) to (h, w) float32."""
    height, width = means.shape
    quarter = np.float32(0.25)
    for i in range(height):
        upper, lower, line = levels[2 * i], levels[2 * i + 1], means[i]
        for j in range(width):
            above = np.float32(upper[2 * j]) + np.float32(upper[2 * j + 1])
            below = np.float32(lower[2 * j]) + np.float32(lower[2 * j + 1])
            line[j] = (above + below) * quarter


@compiled_loop
def detailed_luminance(
    decision: tuple[FloatImage, FloatImage, Levels],
    bright: tuple[FloatImage, FloatImage, Levels],
    warm: tuple[FloatImage, FloatImage],
    has_thermal: bool,
    thermal: FloatImage,
    seen: tuple[Levels, Levels],
    rows: Axis,
    columns: Axis,
    levels: tuple[Levels, Levels, Levels],
) -> None:
    """Enlarge the decision, add both pictures' detail, and fade the colour of what is hidden.

    Args:
        decision: fused luminance and weight, (h, w) float32, 0 to 1, and where the first says
            something, (h, w) of 0 and 1, without rows for everywhere.
        bright: means of the visible picture at network size, where what is not seen counts as 0:
            luminance, (h, w) float32, 0 to 255; the share that is seen; and chroma, (2, h, w), 128
            where not seen, without rows where all is seen.
        warm: likewise of the thermal picture, 0 to 1, and the share that is seen.
        has_thermal: whether there is a thermal picture.
        thermal: (H, W) float32 or one row, 0 to 1.
        seen: where the visible and the thermal picture are, (H, W) or one row, of 0 and 1.
        rows, columns: between which small pixels those of each axis lie.
        levels: luminance and chroma of the visible picture, (H, W) each; the luminance becomes that
            of the result, the chroma is replaced where the picture is hidden.
    """
    fused, weight, known = decision
    bright_means, bright_shares, chroma = bright
    warm_means, warm_shares = warm
    bright_seen, warm_seen = seen
    lumas, crs, cbs = levels
    height, width = lumas.shape
    small_width = fused.shape[1]
    tops, bottoms, lower_shares = rows
    lefts, rights, right_shares = columns
    doubled = width == 2 * small_width and width > 2
    fades = chroma.shape[1] > 0
    zero, one, two = np.float32(0.0), np.float32(1.0), np.float32(2.0)
    white, grey, least = np.float32(255.0), np.float32(128.0), np.float32(1e-3)
    near, far = np.float32(0.75), np.float32(0.25)
    # Shares as fixed-point numbers of 11 bits, as OpenCV enlarges levels.
    right_parts = np.empty(width, np.int64)
    for u in range(width):
        right_parts[u] = int(np.rint(right_shares[u] * np.float32(2048.0)))
    # Of the small row at hand: the fused luminance less a picture's mean, how far the luminance's
    # mean lies above that, and the weight. Where the first has gaps, the mean is not taken off yet:
    # it and where the luminance is known follow.
    gaps = known.shape[0] > 0
    count = 5 if gaps else 3
    small = np.zeros((count, small_width), np.float32)
    means = np.empty(small_width, np.float32)
    # The two small rows that a full one lies between, stretched to its width, and their chroma.
    stretched = np.empty((2, count * width), np.float32)
    faded = np.empty((2, 2, small_width), np.uint8)
    held = np.full(2, -1, np.intp)
    blended = np.empty(count * width, np.float32)
    for v in range(height):
        top, bottom, lower = tops[v], bottoms[v], lower_shares[v]
        upper = one - lower
        for i in (top, bottom):
            if held[i & 1] == i:
                continue
            held[i & 1] = i
            bases, differences, weights = small[0], small[1], small[2]
            weights[:] = weight[i]
            for j in range(small_width):
                share = bright_shares[i, j]
                means[j] = bright_means[i, j] / (share if share > least else least)
            if has_thermal:
                for j in range(small_width):
                    share = warm_shares[i, j]
                    mean = warm_means[i, j] / (share if share > least else least) * white
                    differences[j] = means[j] - mean
                    means[j] = mean
            if gaps:
                small[3] = means
                theres = small[4]
                for j in range(small_width):
                    theres[j] = np.float32(known[i, j])
                    bases[j] = fused[i, j] * white * theres[j]
            else:
                for j in range(small_width):
                    bases[j] = fused[i, j] * white - means[j]
            for plane in range(count):
                values = small[plane]
                line = stretched[i & 1, plane * width : (plane + 1) * width]
                if doubled:
                    line[0], line[width - 1] = values[0], values[small_width - 1]
                    inner, left, right = line[1 : width - 1], values[:-1], values[1:]
                    for j in range(len(right)):
                        inner[2 * j] = left[j] * near + right[j] * far
                        inner[2 * j + 1] = left[j] * far + right[j] * near
                else:
                    for u in range(width):
                        share = right_shares[u]
                        line[u] = values[lefts[u]] * (one - share) + values[rights[u]] * share
            if fades:
                for plane in range(2):
                    colors, line_faded = chroma[plane, i], faded[i & 1, plane]
                    for j in range(small_width):
                        share = bright_shares[i, j]
                        # All of it where half of a pixel is seen, none where nothing is.
                        gain = two * share if two * share < one else one
                        gain /= share if share > least else least
                        color = abs(np.rint((np.float32(colors[j]) - grey) * gain + grey))
                        line_faded[j] = np.uint8(np.int32(color if color < white else white))
        above, below = stretched[top & 1], stretched[bottom & 1]
        for u in range(count * width):
            blended[u] = above[u] * upper + below[u] * lower
        result, difference = blended[:width], blended[width : 2 * width]
        shares = blended[2 * width : 3 * width]
        luma, visible = lumas[v], bright_seen[min(v, len(bright_seen) - 1)]
        warmth, warm_visible = (
            thermal[min(v, len(thermal) - 1)],
            warm_seen[min(v, len(warm_seen) - 1)],
        )
        if gaps:
            mean_row, there = blended[3 * width : 4 * width], blended[4 * width :]
            for u in range(width):
                result[u] = result[u] / (there[u] if there[u] > least else least) - mean_row[u]
        for u in range(width):
            share = shares[u] if visible[u] else zero
            shares[u] = share if warm_visible[u] else one
        for u in range(width):
            level = warmth[u] * white
            step = (np.float32(luma[u]) - level - difference[u]) * shares[u]
            mixed = result[u] + level + step
            mixed = np.rint(mixed if mixed > zero else zero)
            luma[u] = np.uint8(np.int32(mixed if mixed < white else white))
        down = int(np.rint(lower * np.float32(2048.0)))
        above_cr, above_cb = faded[top & 1, 0], faded[top & 1, 1]
        below_cr, below_cb = faded[bottom & 1, 0], faded[bottom & 1, 1]
        cr, cb = crs[v], cbs[v]
        for u in range(width):
            if visible[u] != 0:
                continue
            if warm_visible[u] == 0:
                luma[u], cr[u], cb[u] = 0, 128, 128
            elif fades:
                first, last, part = lefts[u], rights[u], right_parts[u]
                over = int(above_cr[first]) * (2048 - part) + int(above_cr[last]) * part
                under = int(below_cr[first]) * (2048 - part) + int(below_cr[last]) * part
                over, under = (2048 - down) * (over >> 4), down * (under >> 4)
                cr[u] = np.uint8(((over >> 16) + (under >> 16) + 2) >> 2)
                over = int(above_cb[first]) * (2048 - part) + int(above_cb[last]) * part
                under = int(below_cb[first]) * (2048 - part) + int(below_cb[last]) * part
                over, under = (2048 - down) * (over >> 4), down * (under >> 4)
                cb[u] = np.uint8(((over >> 16) + (under >> 16) + 2) >> 2)
