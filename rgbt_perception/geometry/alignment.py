"""One camera's picture in another camera's view, and where it is really seen: no ghosts."""

from __future__ import annotations

import cv2
import numpy as np

from rgbt_perception.frames import ColorImage, FloatImage, Mask, Matrix, Pinhole
from rgbt_perception.geometry.warp import nearest_depth, project_depth

FARTHEST_M = 1e4
"""Stands for infinity, where the sky is."""

GHOST_PX = 1.5
"""A point whose parallax differs by more from that of the nearest one on its line is hidden."""

_NEAREST_M = 0.05
_OUTSIDE = np.float32(-10.0)


def align_picture(
    depth: FloatImage,
    camera: Pinhole,
    image: ColorImage,
    image_camera: Pinhole,
    image_T_camera: Matrix,
    valid: Mask | None = None,
) -> tuple[ColorImage, Mask]:
    """Look every pixel's point up in another camera's picture.

    A point that something nearer hides from that camera would show what hides it: a ghost. Whether
    it is hidden is decided in that camera's pixels (ours): of the points that fall into one
    neighbourhood of its picture, those whose parallax differs from the nearest one's by more than
    ``GHOST_PX`` lie behind it. Slanted ground passes, because its parallax hardly changes from one
    pixel to the next however fast its depth does.

    Args:
        depth: (H, W) float32, metres in ``camera``, NaN where unknown, inf for the sky.
        camera: pinhole of the depth.
        image: (h, w, 3) uint8 of ``image_camera``.
        image_camera: pinhole of the picture.
        image_T_camera: (4, 4), metres.
        valid: (h, w) bool, False where the picture has no content; None = everywhere.

    Returns:
        (H, W, 3) uint8, 0 where not seen, and (H, W) bool, True where seen.
    """
    reach = np.minimum(depth, np.float32(FARTHEST_M))
    columns, rows, depths = project_depth(reach, camera, image_camera, image_T_camera)
    with np.errstate(invalid="ignore"):
        seen = (depths > _NEAREST_M) & (columns >= 0) & (rows >= 0)
        seen &= (columns <= image_camera.width - 1) & (rows <= image_camera.height - 1)
    baseline = float(np.linalg.norm(image_T_camera[:3, 3]))
    if baseline > 0:
        scale = min(1.0, camera.fx / image_camera.fx)
        seen &= ~_hidden(columns, rows, depths, image_camera, scale, image_camera.fx * baseline)
    np.copyto(columns, _OUTSIDE, where=~seen)
    np.copyto(rows, _OUTSIDE, where=~seen)
    picture = cv2.remap(image, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    if valid is not None:
        whole = cv2.remap(
            valid.astype(np.uint8) * np.uint8(255),
            columns,
            rows,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_CONSTANT,
        )
        seen &= whole == 255
        picture[~seen] = 0
    return picture, seen


def _hidden(
    columns: FloatImage,
    rows: FloatImage,
    depths: FloatImage,
    camera: Pinhole,
    scale: float,
    parallax: float,
) -> Mask:
    """Points behind the nearest one of their neighbourhood, 3 x 3 cells.

    Args:
        columns, rows, depths: as ``project_depth`` gives them.
        camera: that they are projected into.
        scale: cells per pixel, at most as dense as the points.
        parallax: pixels times metres.
    """
    width, height = max(1, int(camera.width * scale)), max(1, int(camera.height * scale))
    sx, sy = np.float32(width / camera.width), np.float32(height / camera.height)
    x, y = (columns + 0.5) * sx - 0.5, (rows + 0.5) * sy - 0.5
    nearest = nearest_depth(x, y, depths, width, height)
    nearest = cv2.erode(nearest, np.ones((3, 3), np.uint8))
    front = cv2.remap(
        nearest,
        x,
        y,
        cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=float("inf"),
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        hidden: Mask = parallax * (1.0 / front - 1.0 / depths) > GHOST_PX
    return hidden
