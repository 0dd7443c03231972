"""The passes over a picture that make an organised cloud, as compiled loops."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rgbt_perception.compiled import compiled_loop
from rgbt_perception.frames import FloatImage


@compiled_loop
def mark_flying(
    depth: FloatImage, ratio: np.float32, known: FloatImage, flying: npt.NDArray[np.uint8]
) -> None:
    """``flying_points`` of a picture.

    Args:
        depth: (H, W) float32, metres; unknown where not finite and positive.
        ratio: one plus the threshold.
        known: (H, W) float32, becomes the depth with NaN where it is unknown.
        flying: (H, W) uint8, becomes 1 for such points and 0 elsewhere.
    """
    height, width = depth.shape
    infinite, unknown = np.float32(np.inf), np.float32(np.nan)
    one, half = np.float32(1.0), np.float32(0.5)
    given, kept = depth.reshape(-1), known.reshape(-1)
    for pixel in range(len(given)):
        z = given[pixel]
        kept[pixel] = z if (z > 0) & (z < infinite) else unknown
    for v in range(height):
        flags, row = flying[v], known[v]
        flags[:] = 0
        for gap in (1, 3):
            for along_row in (True, False):
                # Slices, so that what is compared is read side by side.
                if along_row:
                    if width <= 2 * gap:
                        continue
                    before, here, after = row[: -2 * gap], row[gap:-gap], row[2 * gap :]
                    steps = flags[gap:-gap]
                else:
                    if v < gap or v + gap >= height:
                        continue
                    before, here, after = known[v - gap], row, known[v + gap]
                    steps = flags
                for u in range(len(steps)):
                    low, high, raised = before[u], after[u], here[u] * ratio
                    rising = (here[u] > low * ratio) & (high > raised)
                    falling = (low > raised) & (here[u] > high * ratio)
                    steps[u] |= rising | falling
        # Steps are rare: only there each direction is looked at again, with the inverse depth.
        for u in range(width):
            if flags[u] == 0:
                continue
            bent = False
            pixel = v * width + u
            for along_row in (True, False):
                index, size, across = (u, width, 1) if along_row else (v, height, width)
                for gap in (1, 3):
                    if bent or index < gap or index + gap >= size:
                        continue
                    shift = gap * across
                    low, middle, high = kept[pixel - shift], kept[pixel], kept[pixel + shift]
                    rising = middle > low * ratio and high > middle * ratio
                    falling = low > middle * ratio and middle > high * ratio
                    if not (rising or falling):
                        continue
                    last = last_step = unknown
                    for place in range(-3, 4):
                        inside = 0 <= index + place * gap < size
                        inverse = one / kept[pixel + place * shift] if inside else unknown
                        step = inverse - last
                        first = abs(step + last_step) * half
                        if abs(step - last_step) > half * first:
                            bent = True
                            break
                        last, last_step = inverse, step
            flags[u] = bent


@compiled_loop
def write_points(
    depth: FloatImage,
    flying: npt.NDArray[np.uint8],
    color: npt.NDArray[np.uint8],
    temperature: FloatImage,
    confidence: FloatImage,
    label: npt.NDArray[np.uint8],
    rays_x: FloatImage,
    rays_y: FloatImage,
    floats: npt.NDArray[np.float32],
    words: npt.NDArray[np.uint32],
) -> None:
    """Every point's record in one pass.

    Args:
        depth, confidence: (H, W) float32; a depth is unknown where not finite and positive.
        flying, temperature, label: (H, W) uint8, float32 and uint8, or one row that serves for all.
        color: (H, W, 3) uint8 RGB, or one row.
        rays_x, rays_y: (W,) and (H,) float32.
        floats, words: (H, W, C) float32 and uint32, the same memory: the records, of which the
            first three or four words are written, or all seven.
    """
    infinite, unknown = np.float32(np.inf), np.float32(np.nan)
    height, width = depth.shape
    count = words.shape[2]
    z = np.empty(width, np.float32)

    def packed(colors: npt.NDArray[np.uint8], u: int) -> np.uint32:
        red, green = np.uint32(colors[u, 0]), np.uint32(colors[u, 1])
        return np.uint32(red << np.uint32(16) | green << np.uint32(8) | np.uint32(colors[u, 2]))

    for v in range(height):
        depths, flags = depth[v], flying[min(v, len(flying) - 1)]
        for u in range(width):
            usable = (depths[u] > 0) & (depths[u] < infinite) & (flags[u] == 0)
            z[u] = depths[u] if usable else unknown
        colors, labels = color[min(v, len(color) - 1)], label[min(v, len(label) - 1)]
        kelvin, confidences = temperature[min(v, len(temperature) - 1)], confidence[v]
        ray_y, values, bits = rays_y[v], floats[v], words[v]
        if count < 7:
            for u in range(width):
                values[u, 0] = z[u] * rays_x[u]
                values[u, 1] = z[u] * ray_y
                values[u, 2] = z[u]
                if count == 4:
                    bits[u, 3] = packed(colors, u)
            continue
        for u in range(width):
            values[u, 0] = z[u] * rays_x[u]
            values[u, 1] = z[u] * ray_y
            values[u, 2] = z[u]
            bits[u, 3] = packed(colors, u)
            values[u, 4] = kelvin[u]
            values[u, 5] = confidences[u]
            # The label's three neighbours become zero.
            bits[u, 6] = labels[u]
