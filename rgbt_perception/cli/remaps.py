"""Topics under other names, as ROS 2 writes them on a command line."""

from __future__ import annotations

from collections.abc import Sequence

from rgbt_perception.errors import UsageError


def parse_remaps(words: Sequence[str]) -> dict[str, str]:
    """Words such as ``rgb/image:=/camera/image_raw`` as a table.

    Raises:
        UsageError: a word of another form.
    """
    result = {}
    for word in words:
        source, arrow, target = word.partition(":=")
        if not (source and arrow and target):
            raise UsageError(
                f"--remap {word}: expected NAME:=NAME, e.g. rgb/image:=/camera/image_raw"
            )
        result[source] = target
    return result
