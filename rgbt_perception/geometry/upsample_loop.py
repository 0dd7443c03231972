"""Guided enlarging of depth as loops: where edges are, and what lies beside them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rgbt_perception.compiled import compiled_loop
from rgbt_perception.frames import FloatImage

Bytes = npt.NDArray[np.uint8]


@compiled_loop
def find_edges(
    small: FloatImage,
    steps: tuple[np.float32, np.float32],
    search: int,
    inverse: FloatImage,
    edge: Bytes,
    filled: FloatImage,
) -> None:
    """See ``upsample._beside_edge`` and ``upsample._unmixed``, both in one.

    Args:
        small: (h, w) float32, metres, 0 where unknown.
        steps: share of the inverse depth that makes an edge, factor that makes a neighbour farther.
        search: how far from a mixed pixel others are looked for, pixels.
        inverse: room for (h, w) float32.
        edge: (h, w) uint8, written: bit 0 at or beside an edge, bit 1 between near and far: both
            where mixed.
        filled: (h, w) float32, written: metres, mixed pixels like those around them.
    """
    height, width = small.shape
    edge_step, farther = steps
    zero, one, two = np.float32(0), np.float32(1), np.float32(2)
    # Of three rows, with a border on either side.
    broken = np.zeros((3, width + 2), np.uint8)
    for i in range(height):
        for j in range(width):
            depth = small[i, j]
            filled[i, j] = depth
            inverse[i, j] = zero if depth <= zero else one / depth
    for i in range(-1, height):
        # The row below, so that all three that touch this one are known.
        below = i + 1
        row = below % 3
        if below >= height:
            broken[row] = 0
        else:
            for j in range(width):
                broken[row, j + 1] = small[below, j] <= zero
            for j in range(1, width - 1):
                here = inverse[below, j]
                second = (inverse[below, j - 1] - two * here) + inverse[below, j + 1]
                broken[row, j + 1] |= abs(second) > here * edge_step
            if 0 < below < height - 1:
                for j in range(width):
                    here = inverse[below, j]
                    second = (inverse[below - 1, j] - two * here) + inverse[below + 1, j]
                    broken[row, j + 1] |= abs(second) > here * edge_step
        if i < 0:
            continue
        for j in range(width):
            found = broken[0, j] | broken[0, j + 1] | broken[0, j + 2]
            found |= broken[1, j] | broken[1, j + 1] | broken[1, j + 2]
            edge[i, j] = found | broken[2, j] | broken[2, j + 1] | broken[2, j + 2]

    # Whether a pixel lies between a nearer and a farther one, for all of them: no branches.
    for i in range(height):
        for j in range(1, width - 1):
            before, here, after = small[i, j - 1], small[i, j], small[i, j + 1]
            known = (before > zero) & (here > zero) & (after > zero)
            rises = (here > before * farther) & (after > here * farther)
            falls = (before > here * farther) & (here > after * farther)
            edge[i, j] |= np.uint8(known & (rises | falls)) << np.uint8(1)
        if 0 < i < height - 1:
            for j in range(width):
                before, here, after = small[i - 1, j], small[i, j], small[i + 1, j]
                known = (before > zero) & (here > zero) & (after > zero)
                rises = (here > before * farther) & (after > here * farther)
                falls = (before > here * farther) & (here > after * farther)
                edge[i, j] |= np.uint8(known & (rises | falls)) << np.uint8(1)
    for i in range(height):
        for j in range(width):
            if edge[i, j] != 3:
                continue
            near, far = np.float32(np.inf), zero
            for k in range(max(0, i - search), min(height, i + search + 1)):
                for m in range(max(0, j - search), min(width, j + search + 1)):
                    depth = small[k, m]
                    if depth > zero and edge[k, m] != 3:
                        near = depth if depth < near else near
                        far = depth if depth > far else far
            if far > zero:
                own = small[i, j]
                filled[i, j] = far if far - own < own - near else near


@compiled_loop
def choose_depths(
    small: FloatImage,
    small_guide: FloatImage,
    guide: FloatImage,
    edge: Bytes,
    covering: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]],
    beside: tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]],
    costs: tuple[FloatImage, FloatImage],
    result: FloatImage,
) -> None:
    """See ``upsample._chosen_depths``.

    Args:
        small, small_guide: (h, w) float32, metres and 0 to 1.
        guide: (H, W) float32, 0 to 1, or (0, 0) for the nearest small pixel.
        edge: of ``find_edges``.
        covering: (H,) the small row that each full-size one lies in, and (w + 1,) the first
            full-size column of each small one.
        beside: (3, H) and (3, W), the small rows and columns that each may take the depth of.
        costs: of these, float32.
        result: (H, W) float32, metres, written at edges.
    """
    height = result.shape[0]
    rows, columns = beside
    row_costs, column_costs = costs
    small_row_of, first = covering
    guided = guide.size > 0
    for i in range(height):
        small_row = small_row_of[i]
        for small_column in range(small.shape[1]):
            if edge[small_row, small_column] & 1 == 0:
                continue
            for j in range(first[small_column], first[small_column + 1]):
                if not guided:
                    result[i, j] = small[rows[0, i], columns[0, j]]
                    continue
                own = guide[i, j]
                best, chosen = np.float32(np.inf), np.float32(0)
                for a in range(3):
                    for b in range(3):
                        r, c = np.uint64(rows[a, i]), np.uint64(columns[b, j])
                        cost = (abs(small_guide[r, c] - own) + row_costs[a, i]) + column_costs[b, j]
                        chosen = small[r, c] if cost < best else chosen
                        best = cost if cost < best else best
                result[i, j] = chosen
