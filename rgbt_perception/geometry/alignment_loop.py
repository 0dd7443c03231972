"""The alignment of a picture as loops: projection, visibility and looking up, row by row.

The inner loops are cut so that the compiler does eight pixels at a time, which it does only where
no place is computed from what was read. Numba widens whole numbers to 64 bits after every
operation; where they are told to stay narrow, it is for the same reason.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rgbt_perception.compiled import compiled_loop
from rgbt_perception.frames import ColorImage, FloatImage, Mask


@compiled_loop
def fill_words(image: ColorImage, valid: Mask, words: npt.NDArray[np.uint32]) -> None:
    """Write a picture's pixels as red, green, blue and 255 where they are valid.

    Args:
        image: (h, w, 3) uint8.
        valid: (h, w) bool, or (0, 0) for everywhere.
        words: (h * w or more,) uint32, red in the lowest byte.
    """
    height, width, _ = image.shape
    eight, sixteen = np.uint32(8), np.uint32(16)
    for i in range(height):
        row = words[i * width : (i + 1) * width]
        for j in range(width):
            red, green = np.uint32(image[i, j, 0]), np.uint32(image[i, j, 1])
            blue = np.uint32(image[i, j, 2])
            row[j] = red | green << eight | blue << sixteen | np.uint32(0xFF000000)
        if valid.size > 0:
            for j in range(width):
                row[j] = row[j] if valid[i, j] else row[j] & np.uint32(0xFFFFFF)


@compiled_loop
def look_up(
    depth: FloatImage,
    by_column: FloatImage,
    by_row: FloatImage,
    shift: FloatImage,
    limits: tuple[np.float32, np.float32, np.float32],
    pairs: npt.NDArray[np.uint64],
    size: tuple[int, int],
    scale: tuple[np.float32, np.float32],
    nearest: FloatImage,
    front: FloatImage,
    picture: npt.NDArray[np.uint32],
    seen: Mask,
) -> None:
    """See ``alignment.align_picture``: the same operations in the same order and precision.

    The picture is interpolated as OpenCV does it: at places rounded to 1/32 pixel, in whole
    numbers.

    Args:
        depth: (H, W) float32, metres, NaN where unknown.
        by_column, by_row, shift: of a ``projection.Projection``.
        limits: the farthest depth, metres; the greatest nearness, 1 / m; how much nearer something
            is that hides what lies behind it, 1 / m.
        pairs: at a pixel's flat index that pixel (lower half) and the next one, each as
            ``fill_words`` writes them; for one row more than the picture has.
        size: width and height of the picture, pixels.
        scale: cells per pixel, across and down, at most 1.
        nearest: room for (rows, columns) of cells, float32; (0, 0) where nothing can be hidden.
        front: room for as much.
        picture: (H * W,) uint32 of which each is laid over the last byte of the one before, so that
            three bytes of each remain: red, green, blue, 0 where not seen.
        seen: (H, W) bool.
    """
    height, width = depth.shape
    cell_rows, cell_columns = nearest.shape
    hides = nearest.size > 0
    farthest, closest, step = limits
    across, cells_across = np.int32(size[0]), np.int32(cell_columns)
    right, bottom = np.float32(size[0] - 1), np.float32(size[1] - 1)
    shift_x, shift_y, shift_z = shift
    zero, half, one, finer = np.float32(0), np.float32(0.5), np.float32(1), np.float32(32)
    low, pair_of, everything = np.uint32(0xFFFF), np.uint32(0xFF00FF), np.uint32(0xFF000000)
    eight, ten, sixteen, middle = np.uint32(8), np.uint32(10), np.uint32(16), np.uint32(512)
    # Of one row: 1 / m (NaN where outside) and that in front of it, 1/32 pixels, flat indices of
    # pixels and of cells, the four pixels around, and what comes of them.
    nearness = np.empty(width, np.float32)
    before = np.full(width, -np.inf, np.float32)
    columns = np.empty(width, np.int32)
    rows = np.empty(width, np.int32)
    places = np.empty(width, np.int32)
    cells = np.empty(width, np.int32)
    four = np.empty((4, width), np.uint32)
    found = np.empty(width, np.uint32)
    three = np.zeros(cell_columns + 2, np.float32)
    flat_nearest, flat_front = nearest.reshape(-1), front.reshape(-1)
    flat_nearest[:] = zero

    # 32 times what lies between two, by 0 to 32 parts.
    def between(first: np.uint32, second: np.uint32, share: np.uint32) -> np.uint32:
        other = np.uint32(np.uint32(32) - share)
        return np.uint32(np.uint32(first * other) + np.uint32(second * share))

    # Of what is 32 times as much already.
    def rounded(first: np.uint32, second: np.uint32, share: np.uint32) -> np.uint32:
        return np.uint32(np.uint32(between(first, second, share) + middle) >> ten)

    for turn in range(0 if hides else 1, 2):
        for i in range(height):
            row_x, row_y, row_z = by_row[0, i, 0], by_row[1, i, 0], by_row[2, i, 0]
            for j in range(width):
                # Not min(): NaN has to stay.
                along = farthest if depth[i, j] > farthest else depth[i, j]
                near = one / ((by_column[2, 0, j] + row_z) * along + shift_z)
                x = ((by_column[0, 0, j] + row_x) * along + shift_x) * near
                y = ((by_column[1, 0, j] + row_y) * along + shift_y) * near
                inside = (near > zero) & (near < closest)
                inside &= (x >= zero) & (x <= right) & (y >= zero) & (y <= bottom)
                nearness[j] = near if inside else np.float32(np.nan)
                x = x if inside else zero
                y = y if inside else zero
                column, row = np.int32(np.rint(x * finer)), np.int32(np.rint(y * finer))
                columns[j], rows[j] = column, row
                places[j] = np.int32(np.int32(row >> 5) * across) + np.int32(column >> 5)
                x = x if scale[0] == one else (x + half) * scale[0] - half
                y = y if scale[1] == one else (y + half) * scale[1] - half
                cells[j] = np.int32(np.int32(np.rint(y)) * cells_across) + np.int32(np.rint(x))
            if turn == 0:
                for j in range(width):
                    cell = np.uint64(np.uint32(cells[j]))
                    if nearness[j] > flat_nearest[cell]:
                        flat_nearest[cell] = nearness[j]
                continue
            if hides:
                for j in range(width):
                    before[j] = flat_front[np.uint64(np.uint32(cells[j]))]
            for j in range(width):
                place = np.uint64(np.uint32(places[j]))
                above, below = pairs[place], pairs[place + np.uint64(size[0])]
                four[0, j], four[1, j] = np.uint32(above), np.uint32(above >> np.uint64(32))
                four[2, j], four[3, j] = np.uint32(below), np.uint32(below >> np.uint64(32))
            for j in range(width):
                right_by, down_by = np.uint32(columns[j] & 31), np.uint32(rows[j] & 31)
                a, b, c, d = four[0, j], four[1, j], four[2, j], four[3, j]
                # Along the row two channels of a word at a time, then down each by itself.
                odd = between(a & pair_of, b & pair_of, right_by)
                odd_below = between(c & pair_of, d & pair_of, right_by)
                even = between(a >> eight & pair_of, b >> eight & pair_of, right_by)
                even_below = between(c >> eight & pair_of, d >> eight & pair_of, right_by)
                word = rounded(odd & low, odd_below & low, down_by)
                word |= rounded(even & low, even_below & low, down_by) << eight
                word |= rounded(odd >> sixteen, odd_below >> sixteen, down_by) << sixteen
                whole = rounded(even >> sixteen, even_below >> sixteen, down_by)
                found[j] = word | whole << np.uint32(24)
            for j in range(width):
                visible = (nearness[j] >= before[j]) & (found[j] >= everything)
                seen[i, j] = visible
                found[j] = found[j] if visible else np.uint32(0)
            for j in range(width):
                picture[np.uint64(i * width + j)] = found[j]
        if turn == 0:
            # The nearest of 3 x 3 cells.
            for i in range(cell_rows):
                over, under = max(i - 1, 0), min(i + 1, cell_rows - 1)
                for j in range(cell_columns):
                    most = nearest[i, j]
                    most = nearest[over, j] if nearest[over, j] > most else most
                    most = nearest[under, j] if nearest[under, j] > most else most
                    three[j + 1] = most
                for j in range(cell_columns):
                    most = three[j + 1]
                    most = three[j] if three[j] > most else most
                    most = three[j + 2] if three[j + 2] > most else most
                    front[i, j] = most - step
