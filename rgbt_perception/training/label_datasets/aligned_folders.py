"""Registered pairs without labels: folders ``rgb`` and ``thermal``, as of M3SVD's frames."""

from __future__ import annotations

from pathlib import Path

from rgbt_perception.errors import InputError
from rgbt_perception.recording.pictures import pictures_by_name
from rgbt_perception.training.label_datasets.aligned_pair import (
    AlignedPair,
    AlignedPairs,
    checked_pair,
    read_rgb,
    read_thermal,
)


def open_aligned_folders(root: Path) -> AlignedPairs:
    """The pairs of one clip, or of all clips in a folder.

    Args:
        root: with ``rgb`` and ``thermal``, or with such folders in it. Pictures of one name are a
            pair, whatever their suffixes.

    Returns:
        Pairs named ``<clip>/<name>``, or ``<name>`` where root is the clip.

    Raises:
        InputError: no such folders, or a picture is alone.
    """
    if not root.is_dir():
        raise InputError(f"{root}: no such folder, expected one with rgb and thermal in it")
    files: dict[str, tuple[Path, Path]] = {}
    for clip in (root, *sorted(path for path in root.iterdir() if path.is_dir())):
        if not ((clip / "rgb").is_dir() and (clip / "thermal").is_dir()):
            continue
        rgb, thermal = pictures_by_name(clip / "rgb"), pictures_by_name(clip / "thermal")
        alone = sorted(rgb.keys() ^ thermal.keys())
        if alone:
            raise InputError(f"{clip}: {alone[0]} is in one of rgb and thermal, expected in both")
        prefix = "" if clip == root else f"{clip.name}/"
        files |= {f"{prefix}{name}": (rgb[name], thermal[name]) for name in sorted(rgb)}
    if not files:
        raise InputError(f"{root}: holds no pair, expected pictures in folders rgb and thermal")

    def read(name: str) -> AlignedPair:
        rgb_file, thermal_file = files[name]
        return checked_pair(name, read_rgb(rgb_file), read_thermal(thermal_file), None)

    return AlignedPairs(list(files), (), read)
