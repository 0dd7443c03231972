"""The published splits of the MS2 data set: whole sequences, by the purpose they serve.

Source: the list files of UkcheolShin/MS2-MultiSpectralStereoDataset (Shin, Park, Kweon, CVPR 2023).
An earlier version of its training list also named ``_2021-08-13-15-42-41``.
"""

from __future__ import annotations

import re

TRAIN, VALIDATION = "train", "val"

SPLITS: dict[str, tuple[str, ...]] = {
    TRAIN: (
        "_2021-08-06-10-59-33",
        "_2021-08-06-11-37-46",
        "_2021-08-06-17-21-04",
        "_2021-08-06-17-44-55",
        "_2021-08-13-16-50-57",
        "_2021-08-13-17-06-04",
        "_2021-08-13-21-36-10",
        "_2021-08-13-22-36-41",
    ),
    VALIDATION: (
        "_2021-08-13-16-08-46",
        "_2021-08-13-16-14-48",
        "_2021-08-13-21-58-13",
    ),
    "test_day": (
        "_2021-08-06-11-23-45",
        "_2021-08-13-15-46-56",
        "_2021-08-13-16-31-10",
    ),
    "test_night": (
        "_2021-08-13-21-18-04",
        "_2021-08-13-22-03-03",
        "_2021-08-13-22-16-02",
    ),
    "test_rain": (
        "_2021-08-06-16-19-00",
        "_2021-08-06-16-45-28",
        "_2021-08-06-16-59-13",
    ),
}
"""Split to the names of its sequences."""

_CONDITIONS = {
    "test_day": ("day", "clear"),
    "test_night": ("night", "clear"),
    "test_rain": ("day", "rain"),
}
_CLOCK = re.compile(r"_\d{4}-\d\d-\d\d-(\d\d)-\d\d-\d\d")
# All were driven in Korea in August, where the sun sets at half past seven.
_DAY_HOURS = range(6, 19)
_NIGHT_HOURS = (20, 21, 22, 23, 0, 1, 2, 3, 4)


def split_of(sequence: str) -> str:
    """The split that a sequence belongs to; ``none`` where the lists do not name it."""
    return next((split for split, names in SPLITS.items() if sequence in names), "none")


def light_and_weather(sequence: str) -> tuple[str, str]:
    """What a sequence shows.

    The published lists tell this of the test splits only. Of the others the light is taken from
    the time of day in the name (ours) and the weather is unknown.

    Args:
        sequence: name of its folder.

    Returns:
        ``day``, ``night`` or ``unknown``, and ``clear``, ``rain`` or ``unknown``.
    """
    split = split_of(sequence)
    if split in _CONDITIONS:
        return _CONDITIONS[split]
    match = _CLOCK.fullmatch(sequence)
    if match is None:
        return "unknown", "unknown"
    hour = int(match[1])
    light = "day" if hour in _DAY_HOURS else "night" if hour in _NIGHT_HOURS else "unknown"
    return light, "unknown"
