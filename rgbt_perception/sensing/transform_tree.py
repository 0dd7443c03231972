"""Static transforms from tf2_msgs/TFMessage."""

from __future__ import annotations

from typing import Any

import numpy as np

from rgbt_perception.errors import InputError
from rgbt_perception.frames import Matrix
from rgbt_perception.geometry.transforms import inverse, rotation_from_quaternion, transform


class TransformTree:
    """Frames and their parents; the latest transform of a frame counts, as in tf2."""

    def __init__(self) -> None:
        self._parents: dict[str, tuple[str, Matrix]] = {}

    @property
    def frames(self) -> tuple[str, ...]:
        """Every frame that was named, sorted."""
        known = self._parents
        return tuple(sorted({parent for parent, _ in known.values()} | known.keys()))

    def add(self, message: Any) -> None:
        """Take the transforms of a tf2_msgs/TFMessage.

        Raises:
            InputError: an empty or self-referring frame, or numbers that are not finite or no
                rotation; the line names the frames of the first such transform. All others of the
                message are taken.
        """
        taken = {}
        refused: InputError | None = None
        for stamped in message.transforms:
            child, parent = _plain(stamped.child_frame_id), _plain(stamped.header.frame_id)
            try:
                taken[child] = (parent, _matrix(stamped.transform, parent, child))
            except InputError as error:
                refused = refused or error
        # A new table: another thread may be reading the one before.
        self._parents = {**self._parents, **taken}
        if refused is not None:
            raise refused

    def lookup(self, target: str, source: str) -> Matrix | None:
        """The transform between two frames through any common ancestor.

        Args:
            target, source: frames.

        Returns:
            target_T_source, (4, 4) float64, metres; None when nothing connects the two.
        """
        target, source = _plain(target), _plain(source)
        if not target or not source:
            return None
        from_target = self._ancestors(target)
        for ancestor, ancestor_T_source in self._ancestors(source).items():
            if ancestor in from_target:
                return inverse(from_target[ancestor]) @ ancestor_T_source
        return None

    def _ancestors(self, frame: str) -> dict[str, Matrix]:
        """Every ancestor with ancestor_T_frame, nearest first; the frame itself is the first."""
        chain = {frame: np.eye(4)}
        current = frame
        while current in self._parents:
            parent, parent_T_current = self._parents[current]
            if parent in chain:  # a loop
                break
            chain[parent] = parent_T_current @ chain[current]
            current = parent
        return chain


def _plain(frame: str) -> str:
    """Frame ids of ROS 1 begin with a slash that tf2 does not know."""
    return frame.removeprefix("/")


def _matrix(pose: Any, parent: str, child: str) -> Matrix:
    name = f"transform from {child!r} to {parent!r}"
    if not parent or not child or parent == child:
        raise InputError(f"{name}: expected two different frames")
    t, q = pose.translation, pose.rotation
    translation = (float(t.x), float(t.y), float(t.z))
    if not np.isfinite(translation).all():
        raise InputError(f"{name}: translation is {translation}, expected finite numbers")
    try:
        rotation = rotation_from_quaternion((float(q.x), float(q.y), float(q.z), float(q.w)))
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    return transform(rotation, translation)
